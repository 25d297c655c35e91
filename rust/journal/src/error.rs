// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What went wrong with a journal, and whether trying again can help.

use std::io;
use std::sync::Arc;

use fermata_core::error as core;
pub use fermata_core::error::Retry;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// An option or an argument is out of its range.
    InvalidArgument,
    /// A record is longer than [`crate::Options::max_record_bytes`].
    RecordTooLarge,
    /// As many bytes wait to be written as [`crate::Options::max_pending_bytes`] allows.
    Backpressure,
    /// The storage has no room.
    NoSpace,
    /// The storage failed.
    Io,
    /// A segment holds what no crash can have left; see [`Error::damage`].
    Damaged,
    /// A segment was written by a later version.
    NewerFormat,
    /// Another process has the journal open.
    Locked,
    /// Another writer took this one's place.
    Fenced,
    /// The journal was closed.
    Closed,
    /// The journal did not come to its end in time.
    TimedOut,
    /// The operating system refused the writer's thread.
    ThreadSpawn,
}

impl ErrorKind {
    /// Whether a request that failed in this way can succeed later.
    pub fn retry(self) -> Retry {
        match self {
            ErrorKind::Backpressure
            | ErrorKind::NoSpace
            | ErrorKind::Io
            | ErrorKind::Locked
            | ErrorKind::TimedOut
            | ErrorKind::ThreadSpawn => Retry::Temporary,
            ErrorKind::InvalidArgument
            | ErrorKind::RecordTooLarge
            | ErrorKind::Damaged
            | ErrorKind::NewerFormat
            | ErrorKind::Fenced
            | ErrorKind::Closed => Retry::Permanent,
        }
    }
}

/// Where a journal is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The damaged segment, as its source names it: a file's path.
    pub file: String,
    /// Byte of the segment at which what is damaged begins.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
}

/// A failure: its kind, and a sentence that says what failed, where, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: Arc<str>,
    damage: Option<Arc<Damage>>,
}

impl Error {
    /// An error of `kind`; `message` says what failed, where, and what to do about it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into().into(),
            damage: None,
        }
    }

    pub(crate) fn damaged(file: String, offset: u64, reason: impl Into<String>) -> Self {
        let damage = Damage {
            file,
            offset,
            reason: reason.into(),
        };
        let message = format!(
            "{} is damaged at byte {}: {}; no crash leaves that behind, so nothing was changed: keep a copy of the \
             journal, then bring the file back from a backup, or move the whole journal away and start an empty one, \
             which runs unfinished actions again from their beginning",
            damage.file, damage.offset, damage.reason
        );
        Self {
            kind: ErrorKind::Damaged,
            message: message.into(),
            damage: Some(Arc::new(damage)),
        }
    }

    pub(crate) fn newer(file: &str, what: &str) -> Self {
        Self::new(
            ErrorKind::NewerFormat,
            format!(
                "{file} has {what}, which this version does not know: it was written by a later version of Fermata; \
                 open it with that one"
            ),
        )
    }

    /// What `doing`, the beginning of a sentence, failed with: `cause` says which kind it is.
    pub fn io(doing: &str, cause: &io::Error) -> Self {
        let (kind, remedy) = match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
                ErrorKind::NoSpace,
                "make room; what was acknowledged is safe, and appends succeed again once there is some",
            ),
            io::ErrorKind::AlreadyExists => (
                ErrorKind::Fenced,
                "another writer has taken over this journal; close this one",
            ),
            _ => (
                ErrorKind::Io,
                "see to the storage; what was acknowledged is safe",
            ),
        };
        Self::new(kind, format!("{doing}: {cause}; {remedy}"))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the journal is damaged, if it is [`ErrorKind::Damaged`].
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_deref()
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.kind.retry()
    }
}

/// The journal's kinds are among those of all of Fermata, by name and by whether trying again can help.
impl From<Error> for core::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::InvalidArgument => core::ErrorKind::InvalidArgument,
            ErrorKind::RecordTooLarge => core::ErrorKind::RecordTooLarge,
            ErrorKind::Backpressure => core::ErrorKind::Backpressure,
            ErrorKind::NoSpace => core::ErrorKind::NoSpace,
            ErrorKind::Io => core::ErrorKind::Io,
            ErrorKind::Damaged => core::ErrorKind::Damaged,
            ErrorKind::NewerFormat => core::ErrorKind::NewerFormat,
            ErrorKind::Locked => core::ErrorKind::Locked,
            ErrorKind::Fenced => core::ErrorKind::Fenced,
            ErrorKind::Closed => core::ErrorKind::Closed,
            ErrorKind::TimedOut => core::ErrorKind::TimedOut,
            ErrorKind::ThreadSpawn => core::ErrorKind::ThreadSpawn,
        };
        Self::new(kind, error.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_keeps_its_name_and_whether_to_try_again() {
        for kind in [
            ErrorKind::InvalidArgument,
            ErrorKind::RecordTooLarge,
            ErrorKind::Backpressure,
            ErrorKind::NoSpace,
            ErrorKind::Io,
            ErrorKind::Damaged,
            ErrorKind::NewerFormat,
            ErrorKind::Locked,
            ErrorKind::Fenced,
            ErrorKind::Closed,
            ErrorKind::TimedOut,
            ErrorKind::ThreadSpawn,
        ] {
            let general = core::Error::from(Error::new(kind, "what"));
            assert_eq!(format!("{:?}", general.kind()), format!("{kind:?}"));
            assert_eq!(general.retry(), kind.retry());
            assert_eq!(general.message(), "what");
        }
    }
}
