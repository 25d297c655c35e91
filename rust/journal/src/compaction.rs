// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Compaction: all closed segments become one that has the records of unfinished actions.
//!
//! The new segment takes the number of the last one that it replaces, in one atomic step, and says which numbers it stands
//! for. Those that it makes superfluous are removed afterwards; a crash in between leaves segments that readers know to be
//! superseded. It always begins at the oldest segment, so that no record of a finished action is left behind, and the
//! record of its end can go too.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fermata_core::threads::Spawn;

use crate::error::{Error, ErrorKind};
use crate::frame::{self, HEADER_BYTES, Header};
use crate::record::{action_of, kind};
use crate::segments::{self, End, Found, Segment};
use crate::store::SegmentStore;
use crate::sync::{Condvar, Mutex, lock, wait, wait_for};

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// How many segments were merged into one; 0 if there was nothing to gain.
    pub segments: usize,
    /// Records of unfinished actions, which are still there.
    pub records_kept: u64,
    /// Records of finished actions, which are gone.
    pub records_dropped: u64,
    /// Bytes of the segments before.
    pub bytes_before: u64,
    /// Bytes of the one segment after.
    pub bytes_after: u64,
}

/// The last closed segment and its end: it and those before it are written no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub(crate) segment: u64,
    pub(crate) end: u64,
}

/// Compacts in a thread of its own when it is worth while, or when told to; once at a time.
pub(crate) struct Compactor {
    store: Arc<dyn SegmentStore>,
    spawn: Arc<dyn Spawn>,
    thread_name: String,
    segment_bytes: u64,
    max_closed_segments: usize,
    cancelled: AtomicBool,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    closed: Option<Closed>,
    /// Closed segments and their bytes; after a compaction one, of so many bytes.
    segments: usize,
    bytes: u64,
    /// What the last compaction left.
    floor: u64,
    running: bool,
}

impl Compactor {
    pub(crate) fn new(
        store: Arc<dyn SegmentStore>,
        spawn: Arc<dyn Spawn>,
        thread_name: String,
        segment_bytes: u64,
        max_closed_segments: usize,
    ) -> Self {
        Self {
            store,
            spawn,
            thread_name,
            segment_bytes,
            max_closed_segments,
            cancelled: AtomicBool::new(false),
            state: Mutex::new(State::default()),
            idle: Condvar::new(),
        }
    }

    /// Another segment is written no more. Whether a compaction would be worth while: each byte is rewritten only so often
    /// that all the rewriting costs no more than the writing did.
    pub(crate) fn closed(&self, closed: Closed) -> bool {
        let mut state = lock(&self.state);
        state.closed = Some(closed);
        state.segments += 1;
        state.bytes += closed.end;
        !state.running
            && (state.bytes >= 2 * state.floor + 4 * self.segment_bytes
                || state.segments >= self.max_closed_segments)
    }

    /// The last segment of an earlier run is written no more.
    pub(crate) fn known(&self, closed: Closed) {
        lock(&self.state).closed = Some(closed);
    }

    /// What an earlier run left: how many segments are closed, their bytes, and those of a compacted one among them.
    pub(crate) fn found(&self, segments: usize, bytes: u64, floor: u64) {
        let mut state = lock(&self.state);
        state.segments += segments;
        state.bytes += bytes;
        state.floor = floor;
    }

    /// Compacts in a thread of its own.
    pub(crate) fn start(self: &Arc<Self>) {
        let compactor = Arc::clone(self);
        let body = Box::new(move || match compactor.compact() {
            Ok(done) => tracing::debug!(?done, "journal compacted"),
            Err(error) if error.kind() == ErrorKind::Closed => {}
            Err(error) => {
                tracing::warn!(%error, "the journal could not be compacted; tried again later")
            }
        });
        if let Err(error) = self.spawn.spawn(&self.thread_name, body) {
            tracing::warn!(%error, "no thread to compact the journal; tried again later");
        }
    }

    /// Compacts all closed segments on the calling thread, after any compaction that is running.
    pub(crate) fn compact(&self) -> Result<Compaction, Error> {
        let mut state = lock(&self.state);
        while state.running {
            state = wait(&self.idle, state);
        }
        refuse_if(&self.cancelled)?;
        let Some(closed) = state.closed else {
            return Ok(Compaction::default());
        };
        state.running = true;
        let (segments, bytes) = (state.segments, state.bytes);
        drop(state);
        let running = Running(self);
        let done = run(&*self.store, closed, &self.cancelled)?;
        let mut state = lock(&self.state);
        if done.segments > 0 {
            state.segments = (state.segments + 1).saturating_sub(segments);
            state.bytes = (state.bytes + done.bytes_after).saturating_sub(bytes);
        }
        state.floor = if done.segments > 0 {
            done.bytes_after
        } else {
            bytes
        };
        drop(state);
        drop(running);
        Ok(done)
    }

    /// Ends a compaction that is running, without effect, and refuses others. Waits for that, `patience` at most; whether
    /// none is running.
    pub(crate) fn cancel(&self, patience: Duration) -> bool {
        self.cancelled.store(true, Ordering::Relaxed);
        let began = Instant::now();
        let mut state = lock(&self.state);
        while state.running {
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            state = wait_for(&self.idle, state, left);
        }
        true
    }
}

struct Running<'a>(&'a Compactor);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).running = false;
        self.0.idle.notify_all();
    }
}

/// What is to be kept: each unfinished action with the position of its first record since it last finished.
struct Survivors {
    unfinished: HashMap<String, u64>,
    /// What the positions are good for.
    read: Vec<(Header, Found)>,
    records: u64,
    kept: u64,
    bytes: u64,
}

fn run(
    store: &dyn SegmentStore,
    closed: Closed,
    cancelled: &AtomicBool,
) -> Result<Compaction, Error> {
    let (segments, superseded) = open(store, closed)?;
    let numbers: Vec<u64> = segments
        .iter()
        .map(|segment| segment.header.segment)
        .collect();
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Ok(Compaction::default());
    };
    let header = Header {
        compacted: true,
        first: first.header.first,
        previous_end: first.header.previous_end,
        head_end: HEADER_BYTES as u64,
        ..last.header
    };
    let was_compacted = last.header.compacted;
    let survivors = choose(segments, cancelled)?;
    let dropped = survivors.records - survivors.kept;
    let mut done = Compaction {
        segments: 0,
        records_kept: survivors.kept,
        records_dropped: 0,
        bytes_before: survivors.bytes,
        bytes_after: survivors.bytes,
    };
    if dropped > 0 || numbers.len() > 1 || !was_compacted {
        done.bytes_after = rewrite(store, closed, &header, &survivors, cancelled)?;
        done.records_dropped = dropped;
        done.segments = numbers.len();
    }
    let leftovers = numbers.iter().filter(|number| **number != closed.segment);
    for segment in leftovers.chain(&superseded) {
        store.remove(*segment).map_err(|cause| {
            let doing = format!(
                "{} is superseded and cannot be removed",
                store.name(*segment)
            );
            Error::io(&doing, &cause)
        })?;
    }
    Ok(done)
}

fn open(store: &dyn SegmentStore, closed: Closed) -> Result<(Vec<Segment>, Vec<u64>), Error> {
    let mut layout = segments::layout(store)?;
    layout
        .segments
        .retain(|segment| segment.header.segment <= closed.segment);
    if let Some(last) = layout.segments.last_mut()
        && last.end == End::Open
    {
        last.end = End::Stated(closed.end);
    }
    Ok((layout.segments, layout.superseded))
}

fn choose(segments: Vec<Segment>, cancelled: &AtomicBool) -> Result<Survivors, Error> {
    let mut unfinished: HashMap<String, (u64, u64)> = HashMap::new();
    let (mut position, mut bytes) = (0, 0);
    let mut read = Vec::with_capacity(segments.len());
    for segment in segments {
        let (name, header) = (segment.name.clone(), segment.header);
        let found = segment.read(&mut |offset, of_kind, payload| {
            refuse_if(cancelled)?;
            let action = action_of(payload)
                .map_err(|cause| Error::damaged(name.clone(), offset, cause.to_string()))?;
            if of_kind == kind::ACTION_FINISHED {
                unfinished.remove(&*action);
            } else if let Some((_, records)) = unfinished.get_mut(&*action) {
                *records += 1;
            } else {
                unfinished.insert(action.into_owned(), (position, 1));
            }
            position += 1;
            Ok(())
        })?;
        bytes += found.end;
        read.push((header, found));
    }
    Ok(Survivors {
        kept: unfinished.values().map(|(_, records)| records).sum(),
        unfinished: unfinished
            .into_iter()
            .map(|(action, (first, _))| (action, first))
            .collect(),
        read,
        records: position,
        bytes,
    })
}

/// Writes the one segment; returns its length.
fn rewrite(
    store: &dyn SegmentStore,
    closed: Closed,
    header: &Header,
    survivors: &Survivors,
    cancelled: &AtomicBool,
) -> Result<u64, Error> {
    let mut failure = None;
    let mut length = 0;
    let replaced = store.replace(closed.segment, &mut |to| {
        copy(store, closed, header, survivors, cancelled, to)
            .map(|copied| length = copied)
            .map_err(|failed| match failed {
                Copying::Reading(error) => {
                    failure = Some(error);
                    io::Error::other("a segment cannot be read")
                }
                Copying::Writing(cause) => cause,
            })
    });
    replaced.map_err(|cause| {
        let doing = format!("{} cannot be compacted", store.name(closed.segment));
        failure.unwrap_or_else(|| Error::io(&doing, &cause))
    })?;
    Ok(length)
}

enum Copying {
    Reading(Error),
    Writing(io::Error),
}

fn copy(
    store: &dyn SegmentStore,
    closed: Closed,
    header: &Header,
    survivors: &Survivors,
    cancelled: &AtomicBool,
    to: &mut dyn Write,
) -> Result<u64, Copying> {
    let bytes = header.encode();
    let seed = frame::seed_of(&bytes);
    to.write_all(&bytes).map_err(Copying::Writing)?;
    let mut length = bytes.len() as u64;
    let mut position = 0;
    let mut broken = None;
    let mut read = Vec::with_capacity(survivors.read.len());
    for segment in open(store, closed).map_err(Copying::Reading)?.0 {
        let (name, header) = (segment.name.clone(), segment.header);
        let found = segment.read(&mut |offset, kind, payload| {
            refuse_if(cancelled)?;
            let action = action_of(payload)
                .map_err(|cause| Error::damaged(name.clone(), offset, cause.to_string()))?;
            let kept = survivors
                .unfinished
                .get(&*action)
                .is_some_and(|first| position >= *first);
            position += 1;
            if kept {
                let mut frame = frame::begin(kind, payload.len());
                frame.extend_from_slice(payload);
                frame::finish(&mut frame, seed);
                length += frame.len() as u64;
                to.write_all(&frame).map_err(|cause| {
                    let error = Error::io("the compacted segment cannot be written", &cause);
                    broken = Some(cause);
                    error
                })?;
            }
            Ok(())
        });
        if let Some(cause) = broken {
            return Err(Copying::Writing(cause));
        }
        read.push((header, found.map_err(Copying::Reading)?));
    }
    if read != survivors.read {
        return Err(Copying::Reading(changed()));
    }
    let end = frame::end(seed);
    to.write_all(&end).map_err(Copying::Writing)?;
    Ok(length + end.len() as u64)
}

/// Where another writer may take over, this one may not know yet that it has, and compacts.
fn changed() -> Error {
    Error::new(
        ErrorKind::Io,
        "the journal changed while it was compacted, so it was left as it is: another writer seems to have taken it over; \
         close this one, or try again",
    )
}

fn refuse_if(cancelled: &AtomicBool) -> Result<(), Error> {
    if cancelled.load(Ordering::Relaxed) {
        Err(Error::new(
            ErrorKind::Closed,
            "the journal was closed while it was compacted",
        ))
    } else {
        Ok(())
    }
}
