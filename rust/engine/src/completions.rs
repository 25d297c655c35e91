// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What follows from the end of a call: the wait of its context, and the owner's wake.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use fermata_core::call_slots::{CallSlots, CancelVerdict, Completion, Open, Outcome};
use fermata_core::contexts::{Announcement, Contexts};
use fermata_core::ids::CallId;
use fermata_core::worker_pool::{Work, WorkerPool};
use fermata_io::timers::Expiry;

use crate::host::GuardedHost;

/// Calls, contexts and the host: what workers need to run and complete calls. Shared by the engine and its threads.
pub(crate) struct Completions {
    pub(crate) slots: Arc<CallSlots>,
    pub(crate) contexts: Contexts,
    pub(crate) host: Arc<GuardedHost>,
    pub(crate) sleeping: AtomicUsize,
    pub(crate) wake_ups: AtomicU64,
}

impl Completions {
    /// Tells the context of a call that the call is done.
    fn settle(&self, completion: Completion) {
        if completion.was == Open::Sleeping {
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
        }
        let value = completion.outcome == Outcome::Value;
        let announcement = self
            .contexts
            .call_done(completion.context, completion.epoch, value);
        self.announce(announcement);
    }

    /// What `call` waits for outside of the engine has come.
    pub(crate) fn arrive(&self, call: CallId) {
        if let Some(completion) = self.slots.arrive(call) {
            self.settle(completion);
        }
    }

    /// Passes on to the host what the contexts owe it.
    pub(crate) fn announce(&self, announcement: Announcement) {
        match announcement {
            Announcement::None => {}
            Announcement::Wake => {
                self.wake_ups.fetch_add(1, Ordering::Relaxed);
                self.host.wake();
            }
            Announcement::Notify(context) => self.host.notify(context),
        }
    }
}

impl Work for Completions {
    fn run(&self, call: CallId) -> Outcome {
        self.host.run(call)
    }

    fn complete(&self, call: CallId, outcome: Outcome) {
        if let Some(completion) = self.slots.complete(call, outcome) {
            self.settle(completion);
        }
    }

    fn space(&self) {
        self.host.space();
    }
}

/// Ends calls from outside their worker: cancellation, deadlines, close.
pub(crate) struct Interventions {
    pub(crate) completions: Arc<Completions>,
    pub(crate) pool: WorkerPool,
}

impl Interventions {
    /// Completes `call` as cancelled, if it is open.
    pub(crate) fn cancel(&self, call: CallId) -> CancelVerdict {
        match self.completions.slots.complete(call, Outcome::Cancelled) {
            None => CancelVerdict::Ignored,
            Some(completion) => {
                self.settle(completion);
                match completion.was {
                    Open::Running => CancelVerdict::Running,
                    Open::Reserved | Open::Queued | Open::Sleeping | Open::Outside => {
                        CancelVerdict::Dequeued
                    }
                }
            }
        }
    }

    /// Aborts every context and then every open call, so that whoever is woken by its call finds itself aborted.
    pub(crate) fn abort_all(&self) {
        self.completions
            .contexts
            .abort_all(|announcement| self.completions.announce(announcement));
        self.completions
            .slots
            .abort_all(|completion| self.settle(completion));
    }

    fn settle(&self, completion: Completion) {
        self.completions.settle(completion);
        if completion.was == Open::Queued {
            self.pool.withdraw();
        }
    }
}

impl Expiry for Interventions {
    fn due(&self, call: CallId) {
        if let Some(completion) = self.completions.slots.expire(call) {
            self.settle(completion);
            if completion.was == Open::Running {
                self.completions.host.expired(call);
            }
        }
    }

    fn lost(&self, call: CallId) {
        if let Some(completion) = self.completions.slots.complete(call, Outcome::Fault) {
            self.settle(completion);
        }
    }
}
