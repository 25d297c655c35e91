// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What went wrong with a journal, and whether trying again can help.

use std::io;
use std::sync::Arc;

use fermata_core::error as core;
pub use fermata_core::error::{ErrorKind, Retry};

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
            io::ErrorKind::PermissionDenied => (
                ErrorKind::Io,
                "give this process the right to list, read, write and remove there, or other credentials; what was \
                 acknowledged is safe",
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

impl From<Error> for core::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind, error.message())
    }
}
