// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What the engine asks of the program it serves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fermata_core::call_slots::Outcome;
use fermata_core::error::Error;
use fermata_core::ids::{CallId, ContextId};
use fermata_core::threads::ThreadObserver;

/// The engine's upcalls. No lock of the engine is held during any of them. A panic in one of them is caught and
/// logged; in [`Host::run`] it ends the call as [`Outcome::Fault`].
pub trait Host: Send + Sync + 'static {
    /// Called first on each engine thread (worker or timer), with its name. On an error the thread ends at once,
    /// without a call of [`Host::thread_ended`].
    fn thread_started(&self, name: &str) -> Result<(), Error>;

    /// Called last on each engine thread that started. `last`: the engine is closed, and no other thread of it is left.
    /// From then on the host is called only from within calls of the engine's methods. Not told to anybody if no thread
    /// was left at the end of [`Engine::begin_close`](crate::Engine::begin_close).
    fn thread_ended(&self, last: bool);

    /// Runs the supplier of `call` on a worker thread; may block for long. Ends with a value, an error or a fault.
    fn run(&self, call: CallId) -> Outcome;

    /// Contexts became ready: the owner should drain them. Any thread; at most once between two drains that found
    /// nothing left; must not block.
    fn wake(&self);

    /// A place in the queue came free after a submit was refused. Any thread; once per refusal or run of refusals;
    /// must not block.
    fn space(&self);

    /// The deadline of a running call passed: its runner should be interrupted. Timer thread; must not block.
    fn expired(&self, call: CallId);

    /// A wait of `context` was satisfied, cancelled or aborted, and its resumption is by unpark, or its action still runs
    /// and may wait in place. Any thread; must not block; can come more than once for one wait.
    fn notify(&self, context: ContextId);
}

/// The host as the engine's own code calls it: a panic in a notification is caught and logged, since it must not unwind
/// into whoever completed a call. ([`fermata_core`] does the same for the rest.)
pub(crate) struct GuardedHost(pub(crate) Arc<dyn Host>);

impl GuardedHost {
    pub(crate) fn run(&self, call: CallId) -> Outcome {
        self.0.run(call)
    }

    pub(crate) fn wake(&self) {
        self.guard("wake", |host| host.wake());
    }

    pub(crate) fn space(&self) {
        self.guard("space", |host| host.space());
    }

    pub(crate) fn expired(&self, call: CallId) {
        self.guard("expired", |host| host.expired(call));
    }

    pub(crate) fn notify(&self, context: ContextId) {
        self.guard("notify", |host| host.notify(context));
    }

    fn guard(&self, upcall: &str, body: impl FnOnce(&dyn Host)) {
        if catch_unwind(AssertUnwindSafe(|| body(&*self.0))).is_err() {
            tracing::error!(upcall, "panic in the host");
        }
    }
}

/// Presents the host to the engine's threads.
impl ThreadObserver for GuardedHost {
    fn started(&self, name: &str) -> Result<(), Error> {
        self.0.thread_started(name)
    }

    fn ended(&self, last: bool) {
        self.0.thread_ended(last);
    }
}
