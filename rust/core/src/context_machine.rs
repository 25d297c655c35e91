// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The state machine of one context.

/// How a suspended context is brought back once its wait is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumption {
    /// The owner resumes it: a satisfied wait makes the context ready (continuation, handoff).
    Owner,
    /// The host unparks it: a satisfied wait notifies the host, and only `unparked` makes the context ready (virtual).
    Unpark,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
