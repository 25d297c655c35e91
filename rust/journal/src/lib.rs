// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Durable call records: what actions asked for and what they got, so that nothing is paid for twice.
//!
//! A [`Journal`] is a row of append-only segments in a [`SegmentStore`]. Any thread appends [`Record`]s; one thread writes
//! them in batches and tells an [`Acknowledge`] when they have reached the [`Level`] that was asked for. [`Journal::open`]
//! hands back all that was acknowledged; [`survey`] reads a journal without changing it.
//!
//! The file format is specified in `FORMAT.md`.
//!
//! Paths that threads of the JVM take ([`Journal::append`], [`Journal::sync`], [`Journal::close`]) use mutexes, condition
//! variables and atomics of std only, and register no thread-local destructor.
#![forbid(unsafe_code)]

mod blocking;
mod compaction;
mod error;
mod folder;
mod frame;
mod journal;
mod queue;
mod reading;
mod record;
mod segments;
mod store;
mod sync;
mod writer;

pub use blocking::{BlockingJournal, StdThreads};
pub use compaction::Compaction;
pub use error::{Damage, Error, ErrorKind, Retry};
pub use folder::{Folder, FolderStore};
pub use journal::{Acknowledge, Journal, Level, Options, Stats};
pub use reading::{Entry, SegmentSurvey, Survey, TornTail, survey, try_survey};
pub use record::{
    ActionFinished, ActionStarted, CallFinished, CallStarted, Outcome, Record, RecordedException,
    RecordedValue, Undecodable, ValueRecorded,
};
pub use store::{Content, SegmentSource, SegmentStore, SegmentWriter};
