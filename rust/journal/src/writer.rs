// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The writer: one thread that writes batches and syncs them.
//!
//! An error of the storage ends the segment, never the journal. A sync that failed says nothing about what reached the
//! disk, and the same sync tried again would succeed without having written anything, since the kernel has marked the pages
//! clean ("fsyncgate", PostgreSQL 2018; Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
//! So what was not synced counts as lost: its callers get the error, and the next segment says that the abandoned one ended
//! where it was durable. What had been acknowledged at a lower level is written anew: at the head of that segment, or, if
//! only the queue has it, in the next batch. So whatever was acknowledged before a record is there if the record is.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::compaction::{Closed, Compactor};
use crate::error::{Error, ErrorKind};
use crate::frame::{self, HEADER_BYTES, Header, MARK_BYTES};
use crate::journal::{Acknowledge, Stats};
use crate::queue::{Append, CommitQueue};
use crate::segments::frames_between;
use crate::store::{SegmentStore, SegmentWriter};
use crate::sync::{Mutex, lock};

/// More than this is not left unsynced: it has to be written again if a sync fails.
const MAX_UNSYNCED_BYTES: u64 = 8 << 20;

pub(crate) struct Writer {
    pub(crate) store: Arc<dyn SegmentStore>,
    pub(crate) queue: Arc<CommitQueue>,
    pub(crate) acknowledge: Arc<dyn Acknowledge>,
    pub(crate) compactor: Arc<Compactor>,
    pub(crate) stats: Arc<Mutex<Stats>>,
    pub(crate) segment_bytes: u64,
    pub(crate) epoch: u64,
    pub(crate) previous: Previous,
    pub(crate) active: Option<Active>,
    /// When it was first tried to begin the segment that is to be begun. A try that failed may have happened, and be read by
    /// now, so the next one makes the same segment.
    pub(crate) begun: Option<u64>,
}

/// The segment before the one that is written, or is to be begun.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Previous {
    /// Its number; 0: there is none.
    pub(crate) segment: u64,
    /// What the checksums of its frames begin with.
    pub(crate) seed: u32,
    /// Where it ends.
    pub(crate) end: u64,
    /// What is behind its end and has to be written anew: from the end to here.
    pub(crate) carried_to: u64,
}

impl Previous {
    pub(crate) fn has_carry(&self) -> bool {
        self.carried_to > self.end
    }
}

/// The segment that is written.
pub(crate) struct Active {
    file: Box<dyn SegmentWriter>,
    number: u64,
    seed: u32,
    head_end: u64,
    written: u64,
    durable: u64,
}

impl Writer {
    /// Works until the queue is closed and empty, and seals the segment then. Fails if that fails, or if what is owed could not be
    /// written.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        let mut buffer = Vec::new();
        let mut owed = Ok(());
        while let Some(batch) = self.queue.take() {
            let Some(mut batch) = self.due(batch) else {
                continue;
            };
            let committed = catch_unwind(AssertUnwindSafe(|| self.commit(&mut batch, &mut buffer)));
            let outcome = match &committed {
                Ok(outcome) => outcome.clone(),
                Err(_) => {
                    self.queue.close(); // nobody would write what comes from now on
                    Err(closed())
                }
            };
            if let Err(error) = &outcome {
                self.failed(&batch, error);
            }
            for token in batch.iter().filter_map(|append| append.token) {
                tell(&*self.acknowledge, token, outcome.clone());
            }
            match committed {
                Ok(Ok(())) => owed = Ok(()),
                Ok(Err(error)) => {
                    owed = if batch.iter().any(Append::is_owed) {
                        Err(error)
                    } else {
                        Ok(())
                    };
                    self.queue.owe(batch);
                }
                Err(panic) => resume_unwind(panic),
            }
        }
        self.seal()?;
        owed
    }

    /// The batch, unless it may wait for the next one.
    fn due(&self, batch: Vec<Append>) -> Option<Vec<Append>> {
        if self.store.appends_are_costly() && batch.iter().all(Append::is_owed) {
            self.queue.defer(batch)
        } else {
            Some(batch)
        }
    }

    fn failed(&self, batch: &[Append], error: &Error) {
        lock(&self.stats).failed_batches += 1;
        let owed = batch.iter().filter(|append| append.is_owed()).count();
        tracing::warn!(%error, appends = batch.len(), tried_again = owed, "journal batch failed");
    }

    fn commit(&mut self, batch: &mut [Append], buffer: &mut Vec<u8>) -> Result<(), Error> {
        let bytes: usize = batch.iter().map(|append| append.frame.len()).sum();
        if bytes == 0 && self.active.is_none() && !self.previous.has_carry() {
            return Ok(());
        }
        let size = (MARK_BYTES + bytes) as u64;
        if self.active.as_ref().is_some_and(|active| {
            active.written > active.head_end
                && (active.written + size > self.segment_bytes || active.file.is_full())
        }) {
            self.seal()?;
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin()?,
        };
        let before = active.written;
        if bytes > 0 {
            active.assemble(batch, buffer);
            let appended = active.file.append(buffer);
            lock(&self.stats).batches += 1;
            if let Err(cause) = appended {
                return Err(self.abandon(&active, before, "cannot be written", &cause));
            }
            active.written += buffer.len() as u64;
            lock(&self.stats).bytes += buffer.len() as u64;
            buffer.shrink_to(1 << 20);
        }
        let due = batch.iter().any(|append| append.durable)
            || active.written - active.durable > MAX_UNSYNCED_BYTES;
        if due && active.written > active.durable {
            let synced = active.file.sync();
            lock(&self.stats).syncs += 1;
            if let Err(cause) = synced {
                return Err(self.abandon(&active, before, "cannot be synced", &cause));
            }
            active.durable = active.written;
        }
        self.active = Some(active);
        Ok(())
    }

    /// Gives `active` up after `cause`; what is in it before `acknowledged` still counts.
    fn abandon(
        &mut self,
        active: &Active,
        acknowledged: u64,
        what: &str,
        cause: &io::Error,
    ) -> Error {
        lock(&self.stats).abandoned_segments += 1;
        self.previous = Previous {
            segment: active.number,
            seed: active.seed,
            end: active.durable,
            carried_to: acknowledged,
        };
        let name = self.store.name(active.number);
        Error::io(&format!("{name} {what} at byte {}", active.durable), cause)
    }

    /// Begins the next segment, with what has to be carried over from the one before.
    pub(crate) fn begin(&mut self) -> Result<Active, Error> {
        let number = self.previous.segment + 1;
        let failed = |cause: &io::Error| {
            let name = self.store.name(number);
            Error::io(&format!("the segment {name} cannot be begun"), cause)
        };
        let mut carried = 0;
        if self.previous.has_carry() {
            let reached = self
                .carry(&mut |_, payload| {
                    carried += (frame::FRAME_HEAD_BYTES + 1 + payload.len()) as u64;
                    Ok(())
                })
                .map_err(|cause| failed(&cause))?;
            if reached < self.previous.carried_to {
                tracing::warn!(
                    segment = self.store.name(self.previous.segment),
                    from = reached,
                    to = self.previous.carried_to,
                    "the storage lost records that were acknowledged at level os"
                );
                self.previous.carried_to = reached;
            }
        }
        let head_end = HEADER_BYTES as u64 + carried;
        let header = Header {
            compacted: false,
            segment: number,
            first: number,
            epoch: self.epoch,
            previous_end: self.previous.end,
            created: *self.begun.get_or_insert_with(now),
            head_end,
        }
        .encode();
        let seed = frame::seed_of(&header);
        let file = self
            .store
            .create(number, &mut |to| {
                to.write_all(&header)?;
                if carried == 0 {
                    return Ok(());
                }
                self.carry(&mut |kind, payload| {
                    let mut frame = frame::begin(kind, payload.len());
                    frame.extend_from_slice(payload);
                    frame::finish(&mut frame, seed);
                    to.write_all(&frame)
                })
                .map(drop)
            })
            .map_err(|cause| failed(&cause))?;
        self.begun = None;
        lock(&self.stats).segments += 1;
        if self.previous.segment > 0 {
            let closed = Closed {
                segment: self.previous.segment,
                end: self.previous.end,
            };
            if self.compactor.closed(closed) {
                self.compactor.start();
            }
        }
        Ok(Active {
            file,
            number,
            seed,
            head_end,
            written: head_end,
            durable: head_end,
        })
    }

    /// This writer removes and compacts no segment before the next one is begun: whoever has is another one.
    fn carry(&self, visit: &mut dyn FnMut(u8, &[u8]) -> io::Result<()>) -> io::Result<u64> {
        let Previous {
            segment,
            seed,
            end,
            carried_to,
        } = self.previous;
        frames_between(&*self.store, (segment, seed), (end, carried_to), visit).map_err(|cause| {
            match cause.kind() {
                io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::AlreadyExists, cause),
                _ => cause,
            }
        })
    }

    /// Closes the active segment in good order: once all of it is durable, which a last mark says, its end follows.
    fn seal(&mut self) -> Result<(), Error> {
        let Some(mut active) = self.active.take() else {
            return Ok(());
        };
        let written = active.written;
        let sealed = active.seal();
        lock(&self.stats).syncs += 1;
        let end =
            sealed.map_err(|cause| self.abandon(&active, written, "cannot be sealed", &cause))?;
        self.previous = Previous {
            segment: active.number,
            seed: active.seed,
            end,
            carried_to: end,
        };
        Ok(())
    }
}

impl Active {
    /// Returns where the segment ends.
    fn seal(&mut self) -> io::Result<u64> {
        if self.written > self.durable {
            self.file.sync()?;
            self.durable = self.written;
        }
        let mark = frame::mark(self.seed, self.durable);
        let end = [&mark[..], &frame::end(self.seed)].concat();
        self.file.append(&end)?;
        self.file.sync()?;
        Ok(self.written + end.len() as u64)
    }

    /// Puts the batch into `buffer`, behind a mark, with the checksums of this segment.
    fn assemble(&self, batch: &mut [Append], buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&frame::mark(self.seed, self.durable));
        for append in batch.iter_mut().filter(|append| !append.frame.is_empty()) {
            frame::finish(&mut append.frame, self.seed);
            buffer.extend_from_slice(&append.frame);
        }
    }
}

/// Tells whoever waits under `token`; a panic there is theirs.
pub(crate) fn tell(acknowledge: &dyn Acknowledge, token: u64, outcome: Result<(), Error>) {
    if catch_unwind(AssertUnwindSafe(|| {
        acknowledge.acknowledged(token, outcome)
    }))
    .is_err()
    {
        tracing::error!(token, "panic in whoever is told of a journal's append");
    }
}

/// The error of appends that the writer left behind.
pub(crate) fn closed() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the journal is closed; open it again to append",
    )
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}
