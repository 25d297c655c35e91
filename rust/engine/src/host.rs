// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What the engine asks of the program it serves.

use fermata_core::call_slots::Outcome;
use fermata_core::error::Error;
use fermata_core::ids::{CallId, ContextId};

/// The engine's upcalls. No lock of the engine is held during any of them. A panic in one of them is caught and
/// logged; in [`Host::run`] it ends the call as [`Outcome::Fault`].
pub trait Host: Send + Sync + 'static {
    /// Called first on each engine thread (worker or timer), with its name. On an error the thread ends at once,
    /// without a call of [`Host::thread_ended`].
    fn thread_started(&self, name: &str) -> Result<(), Error>;

    /// Called last on each engine thread that started. `last`: the engine is closed, and no other thread of it is left.
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

    /// A wait of `context`, whose resumption is by unpark, was satisfied, cancelled or aborted. Any thread; must not
    /// block; can come more than once for one wait.
    fn notify(&self, context: ContextId);
}
