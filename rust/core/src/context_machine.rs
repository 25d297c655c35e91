// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The state machine of one context, without locks, ids or threads.
//!
//! An action runs in *slices*: stretches of its code between two suspensions. The machine says when the next slice may
//! run, so that one context never runs twice at once and no satisfied wait is lost.
//!
//! | event \\ phase      | New                      | Running                     | Suspended             | Ready             |
//! |---------------------|--------------------------|-----------------------------|-----------------------|-------------------|
//! | begin_slice         | Running: Start (1)       | error Busy                  | NotReady              | Running: Resume   |
//! | end_slice(Parked)   | error                    | runnable (2): Ready; else Suspended | error      | error             |
//! | end_slice(Finished) | error                    | New: Finished (3)           | error                 | error             |
//! | arm_wait(n)         | error                    | epoch+1, pending n; 0: satisfied | error            | error             |
//! | call_done, stale    | -                        | -                           | -                     | -                 |
//! | call_done, current  | -                        | pending-1 (4)               | pending-1 (4)         | pending-1 (4)     |
//! | cancel              | cancelled                | cancelled; signal (5)       | cancelled; signal (5) | cancelled; signal (5) |
//! | abort               | aborted                  | aborted; signal (5)         | aborted; signal (5)   | aborted; signal (5) |
//! | unparked            | -                        | unparked                    | Ready, announced      | -                 |
//!
//! 1. Error Closed if aborted: only actions that had begun are driven to their end.
//! 2. Resumption by owner: unparked, satisfied, cancelled or aborted; the verdict is ResumeNow. By unpark: unparked
//!    alone, for only then does the virtual thread have something to run; announced, so that an action that does nothing
//!    but `Thread.yield` takes its turn behind the others.
//! 3. The epoch advances, so that completions still under way are stale; all flags but `aborted` are cleared.
//! 4. With 0 pending, or an outcome that is not a value (fail-fast): satisfied, signal (5). Later completions of the
//!    same wait are stale.
//! 5. Resumption by owner: Suspended becomes Ready, announced; while Running the host is notified, for an action that
//!    could not be suspended waits in place. By unpark: the host is notified in every phase but New, and the phase stays
//!    until `unparked`.
//!
//! `cancelled` set in phase New holds for the action that begins next.

use crate::error::ErrorKind;

/// How a suspended context is brought back once its wait is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumption {
    /// The owner resumes it: a satisfied wait makes the context ready (continuation, handoff).
    Owner,
    /// The host unparks it: a satisfied wait notifies the host, and only `unparked` makes the context ready (virtual).
    Unpark,
}

/// Where the action of a context stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No action has begun.
    New,
    /// A slice runs.
    Running,
    /// The action waits.
    Suspended,
    /// The action waits no more, and its next slice has not begun.
    Ready,
}

/// What `begin_slice` allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginVerdict {
    /// Run the first slice of an action.
    Start = 0,
    /// Go on with the suspended action.
    Resume = 1,
    /// Nothing has happened that the action waits for.
    NotReady = 2,
}

/// How a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceEnd {
    /// The action suspended itself.
    Parked,
    /// The action returned or threw.
    Finished,
}

/// What `end_slice` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndVerdict {
    /// The context is suspended: it will be announced when it can go on.
    Suspended = 0,
    /// What the action waits for happened meanwhile: begin the next slice at once, it will not be announced.
    ResumeNow = 1,
    /// The action is over; the context can run another.
    Finished = 2,
}

/// How the current wait of a context stands; the later variants take precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitStatus {
    /// Calls are still open, or no wait was armed.
    Pending = 0,
    /// All calls of the wait are done, or one of them did not end with a value.
    Satisfied = 1,
    /// The action was cancelled.
    Cancelled = 2,
    /// The engine was closed.
    Aborted = 3,
}

/// What an event asks of the surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Signal {
    /// Nothing.
    None,
    /// The context became ready: announce it to the owner.
    Announce,
    /// Tell the host, which unparks the action: a virtual thread, or one that waits in place.
    Notify,
}

/// See the module's transition table. Whoever shares a machine between threads guards it with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextMachine {
    resumption: Resumption,
    phase: Phase,
    /// Which wait the `pending` calls belong to.
    epoch: u32,
    /// Open calls of the current wait; 0 if it is satisfied or none was armed.
    pending: u32,
    satisfied: bool,
    cancelled: bool,
    aborted: bool,
    /// Unparked while running: the next park does not suspend.
    unparked: bool,
    /// In the owner's queue of ready contexts.
    queued: bool,
}

impl ContextMachine {
    /// A machine in phase New.
    pub fn new(resumption: Resumption) -> Self {
        Self {
            resumption,
            phase: Phase::New,
            epoch: 0,
            pending: 0,
            satisfied: false,
            cancelled: false,
            aborted: false,
            unparked: false,
            queued: false,
        }
    }

    /// The present phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The epoch that calls reserved now belong to.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// A slice wants to begin.
    pub fn begin_slice(&mut self) -> Result<BeginVerdict, ErrorKind> {
        let verdict = match self.phase {
            Phase::New if self.aborted => return Err(ErrorKind::Closed),
            Phase::New => BeginVerdict::Start,
            Phase::Ready => BeginVerdict::Resume,
            Phase::Suspended => return Ok(BeginVerdict::NotReady),
            Phase::Running => return Err(ErrorKind::Busy),
        };
        self.phase = Phase::Running;
        self.unparked = false;
        Ok(verdict)
    }

    /// The running slice ended.
    pub fn end_slice(&mut self, end: SliceEnd) -> Result<(EndVerdict, Signal), ErrorKind> {
        self.require_running()?;
        Ok(match end {
            SliceEnd::Parked if self.runnable() => {
                self.phase = Phase::Ready;
                match self.resumption {
                    Resumption::Owner => (EndVerdict::ResumeNow, Signal::None),
                    Resumption::Unpark => (EndVerdict::Suspended, Signal::Announce),
                }
            }
            SliceEnd::Parked => {
                self.phase = Phase::Suspended;
                (EndVerdict::Suspended, Signal::None)
            }
            SliceEnd::Finished => {
                *self = Self {
                    epoch: self.epoch.wrapping_add(1),
                    aborted: self.aborted,
                    queued: self.queued,
                    ..Self::new(self.resumption)
                };
                (EndVerdict::Finished, Signal::None)
            }
        })
    }

    /// The running action is about to wait for `calls` calls.
    pub fn arm_wait(&mut self, calls: u32) -> Result<(), ErrorKind> {
        self.require_running()?;
        self.epoch = self.epoch.wrapping_add(1);
        self.pending = calls;
        self.satisfied = calls == 0;
        Ok(())
    }

    /// A call reserved in `epoch` ended; `value`: with a value.
    pub fn call_done(&mut self, epoch: u32, value: bool) -> Signal {
        if epoch != self.epoch || self.pending == 0 {
            return Signal::None;
        }
        self.pending = if value { self.pending - 1 } else { 0 };
        if self.pending > 0 {
            return Signal::None;
        }
        self.satisfied = true;
        self.signal()
    }

    /// The action shall give up.
    pub fn cancel(&mut self) -> Signal {
        if std::mem::replace(&mut self.cancelled, true) {
            return Signal::None;
        }
        self.signal()
    }

    /// The engine closes.
    pub fn abort(&mut self) -> Signal {
        if std::mem::replace(&mut self.aborted, true) {
            return Signal::None;
        }
        self.signal()
    }

    /// The action has something to run, whatever it waited for.
    pub fn unparked(&mut self) -> Signal {
        match self.phase {
            Phase::Suspended => {
                self.phase = Phase::Ready;
                Signal::Announce
            }
            Phase::Running => {
                self.unparked = true;
                Signal::None
            }
            Phase::New | Phase::Ready => Signal::None,
        }
    }

    /// How the current wait stands.
    pub fn wait_status(&self) -> WaitStatus {
        if self.aborted {
            WaitStatus::Aborted
        } else if self.cancelled {
            WaitStatus::Cancelled
        } else if self.satisfied {
            WaitStatus::Satisfied
        } else {
            WaitStatus::Pending
        }
    }

    /// Marks a ready context as queued; false if it is not ready or queued already.
    pub fn enqueue(&mut self) -> bool {
        self.phase == Phase::Ready && !std::mem::replace(&mut self.queued, true)
    }

    /// The context left the queue; whether it is ready to run.
    pub fn dequeue(&mut self) -> bool {
        self.queued = false;
        self.phase == Phase::Ready
    }

    fn runnable(&self) -> bool {
        self.unparked
            || self.resumption == Resumption::Owner && self.wait_status() != WaitStatus::Pending
    }

    fn signal(&mut self) -> Signal {
        match (self.resumption, self.phase) {
            (_, Phase::New) => Signal::None,
            (Resumption::Unpark, _) | (Resumption::Owner, Phase::Running) => Signal::Notify,
            (Resumption::Owner, Phase::Suspended) => {
                self.phase = Phase::Ready;
                Signal::Announce
            }
            (Resumption::Owner, Phase::Ready) => Signal::None,
        }
    }

    fn require_running(&self) -> Result<(), ErrorKind> {
        match self.phase {
            Phase::Running => Ok(()),
            _ => Err(ErrorKind::InvalidArgument),
        }
    }
}
