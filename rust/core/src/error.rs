// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The one error type: what went wrong, and whether trying again can help.

/// Whether the same request can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Trying again later can succeed: a limit was reached for now.
    Temporary,
    /// Trying again cannot help.
    Permanent,
}

/// What went wrong. Mirrored name for name by the Java enumeration `dev.fermata.ErrorKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The worker pool's queue holds as many calls as it may.
    QueueFull,
    /// As many calls are open or untaken as the engine allows.
    TooManyCalls,
    /// The engine was closed.
    Closed,
    /// The context was released, or never existed.
    UnknownContext,
    /// The call was taken or discarded, or never existed, or is past the state that was asked for.
    UnknownCall,
    /// The context is running a slice already.
    Busy,
    /// An argument is out of its range.
    InvalidArgument,
    /// The operating system refused another thread.
    ThreadSpawn,
    /// A deadline passed.
    TimedOut,
    /// The action or the call was cancelled.
    Cancelled,
    /// The engine was closed while the action or the call was under way.
    Aborted,
    /// An upcall to the host failed.
    Boundary,
    /// The platform's trusted certificates cannot be loaded.
    TrustStore,
    /// A record is longer than its journal allows.
    RecordTooLarge,
    /// As many bytes wait to be written to a journal as it allows.
    Backpressure,
    /// The storage of a journal has no room.
    NoSpace,
    /// The storage of a journal failed.
    Io,
    /// A journal holds what no crash can have left.
    Damaged,
    /// A journal was written by a later version.
    NewerFormat,
    /// A process has the journal open.
    Locked,
    /// Another writer has taken over the journal.
    Fenced,
}

impl ErrorKind {
    /// Every kind, in declaration order.
    pub const ALL: [ErrorKind; 21] = [
        ErrorKind::QueueFull,
        ErrorKind::TooManyCalls,
        ErrorKind::Closed,
        ErrorKind::UnknownContext,
        ErrorKind::UnknownCall,
        ErrorKind::Busy,
        ErrorKind::InvalidArgument,
        ErrorKind::ThreadSpawn,
        ErrorKind::TimedOut,
        ErrorKind::Cancelled,
        ErrorKind::Aborted,
        ErrorKind::Boundary,
        ErrorKind::TrustStore,
        ErrorKind::RecordTooLarge,
        ErrorKind::Backpressure,
        ErrorKind::NoSpace,
        ErrorKind::Io,
        ErrorKind::Damaged,
        ErrorKind::NewerFormat,
        ErrorKind::Locked,
        ErrorKind::Fenced,
    ];

    /// Whether a request that failed in this way can succeed later.
    pub fn retry(self) -> Retry {
        match self {
            ErrorKind::QueueFull
            | ErrorKind::TooManyCalls
            | ErrorKind::ThreadSpawn
            | ErrorKind::TimedOut
            | ErrorKind::Backpressure
            | ErrorKind::NoSpace
            | ErrorKind::Io
            | ErrorKind::Locked => Retry::Temporary,
            ErrorKind::Closed
            | ErrorKind::UnknownContext
            | ErrorKind::UnknownCall
            | ErrorKind::Busy
            | ErrorKind::InvalidArgument
            | ErrorKind::Cancelled
            | ErrorKind::Aborted
            | ErrorKind::Boundary
            | ErrorKind::TrustStore
            | ErrorKind::RecordTooLarge
            | ErrorKind::Damaged
            | ErrorKind::NewerFormat
            | ErrorKind::Fenced => Retry::Permanent,
        }
    }
}

/// A failure: its kind, and a sentence that says what failed, where, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of `kind`; `message` names what failed, where, and the remedy.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.kind.retry()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_kind_once_in_order() {
        for (position, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, position);
        }
        assert_eq!(ErrorKind::Fenced as usize + 1, ErrorKind::ALL.len());
    }
}
