// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The life cycle of calls.

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The supplier returned, or the sleep is over.
    Value = 0,
    /// The supplier threw.
    Error = 1,
    /// The call was cancelled or discarded.
    Cancelled = 2,
    /// The deadline passed, in the queue or while running.
    TimedOut = 3,
    /// The engine was closed.
    Aborted = 4,
    /// The upcall that should have run the supplier failed at the boundary.
    Fault = 5,
}

/// Where a cancellation found its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelVerdict {
    /// The call was done already, or is not known: nothing changed.
    Ignored = 0,
    /// The supplier had not begun and will not run.
    Dequeued = 1,
    /// The supplier is running: the caller interrupts its thread.
    Running = 2,
}
