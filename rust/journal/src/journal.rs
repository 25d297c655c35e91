// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The journal: opened with what it remembers, appended to by any thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fermata_core::threads::Spawn;

use crate::compaction::{Closed, Compaction, Compactor};
use crate::error::{Error, ErrorKind};
use crate::frame::{self, MAX_FRAME_BYTES};
use crate::queue::{Append, Bounds, CommitQueue, Refusal};
use crate::reading::{self, Survey};
use crate::record::Record;
use crate::store::SegmentStore;
use crate::sync::{Mutex, lock};
use crate::writer::{Previous, Writer, closed, tell};

/// What has to have happened to a record before it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It waits in memory: lost if the process ends first. A later record that is acknowledged takes it along.
    Memory,
    /// The operating system has it: it outlives the process, not the machine.
    Os,
    /// It is durable.
    Disk,
}

/// Who is told what became of appends.
pub trait Acknowledge: Send + Sync + 'static {
    /// The append of `token` reached its level, or failed. Called once for each append that was taken: on the appending
    /// thread before [`Journal::append`] returns for [`Level::Memory`], else on the journal's thread, which does nothing
    /// else meanwhile. After an error a crash may still bring the record to light, until a later append was acknowledged.
    fn acknowledged(&self, token: u64, outcome: Result<(), Error>);
}

/// How a journal works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment is closed before it grows beyond this many bytes, from 4 KiB; 64 MiB by default.
    pub segment_bytes: u64,
    /// No payload of a record may be longer; up to 32 MiB, 16 MiB by default.
    pub max_record_bytes: usize,
    /// No batch has more bytes unless it is a single record; 1 MiB by default.
    pub max_batch_bytes: usize,
    /// Appends are refused while more bytes than these wait to be written; 64 MiB by default.
    pub max_pending_bytes: usize,
    /// How long an append may wait for others to share its sync. Nothing by default: those that come during a sync share
    /// the next one anyway, and waiting pays only where a sync costs much more than this.
    pub max_delay: Duration,
    /// The closed segments are compacted at the latest when there are so many, from 2; 64 by default.
    pub max_closed_segments: usize,
    /// Name of the journal's threads.
    pub thread_name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            max_record_bytes: 16 << 20,
            max_batch_bytes: 1 << 20,
            max_pending_bytes: 64 << 20,
            max_delay: Duration::ZERO,
            max_closed_segments: 64,
            thread_name: "fermata-journal".into(),
        }
    }
}

impl Options {
    /// Fails with [`ErrorKind::InvalidArgument`] if an option makes no sense, as [`Journal::open`] does.
    pub fn check(&self) -> Result<(), Error> {
        const MAX_RECORD_BYTES: usize = MAX_FRAME_BYTES / 2;
        let wrong = if self.segment_bytes < 4096 {
            "segment_bytes must be 4096 or more"
        } else if self.max_record_bytes == 0 || self.max_record_bytes > MAX_RECORD_BYTES {
            "max_record_bytes must be from 1 to 33554432"
        } else if self.max_batch_bytes == 0 || self.max_pending_bytes == 0 {
            "max_batch_bytes and max_pending_bytes must not be 0"
        } else if self.max_closed_segments < 2 {
            "max_closed_segments must be 2 or more"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::InvalidArgument, wrong))
    }
}

/// What a journal has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches written.
    pub batches: u64,
    /// Syncs of batches and of segments' ends.
    pub syncs: u64,
    /// Bytes written in batches.
    pub bytes: u64,
    /// Batches that failed, whose callers got the error.
    pub failed_batches: u64,
    /// Segments begun.
    pub segments: u64,
    /// Segments given up because storage failed.
    pub abandoned_segments: u64,
}

/// A journal that is open for appending. Any thread may use it. Dropping it closes it without waiting; the store is
/// released when the journal's thread has ended.
pub struct Journal {
    queue: Arc<CommitQueue>,
    acknowledge: Arc<dyn Acknowledge>,
    compactor: Arc<Compactor>,
    stats: Arc<Mutex<Stats>>,
    sealed: Arc<Mutex<Option<Error>>>,
    max_record_bytes: usize,
}

impl Journal {
    /// Opens the journal in `store`, empty if there is none, and hands all its records to `replay`, in order; those of
    /// finished actions are among them until compaction drops them. What a crash tore off is cut; it is in the survey.
    /// What `replay` saw is durable when this returns. Starts one thread through `spawn`, which compaction uses too.
    ///
    /// Fails without changing anything with [`ErrorKind::Damaged`], [`ErrorKind::NewerFormat`], [`ErrorKind::Io`],
    /// [`ErrorKind::NoSpace`], [`ErrorKind::InvalidArgument`] or [`ErrorKind::ThreadSpawn`]; with [`ErrorKind::Fenced`] if
    /// another writer has taken over meanwhile. It is [`ErrorKind::Io`] also if the writer before, in a store without a lock, takes
    /// away what it has compacted just while it is read; another try finds what it made of it.
    pub fn open(
        store: Arc<dyn SegmentStore>,
        options: &Options,
        spawn: Arc<dyn Spawn>,
        acknowledge: Arc<dyn Acknowledge>,
        replay: &mut dyn FnMut(Record),
    ) -> Result<(Journal, Survey), Error> {
        options.check()?;
        let (survey, last) = reading::read(&*store, &mut |entry| {
            if let Some(record) = entry.record {
                replay(record);
            }
            Ok::<(), Error>(())
        })?;
        let queue = Arc::new(CommitQueue::new(Bounds {
            pending_bytes: options.max_pending_bytes,
            batch_bytes: options.max_batch_bytes,
            delay: options.max_delay,
        }));
        let compactor = Arc::new(Compactor::new(
            Arc::clone(&store),
            Arc::clone(&spawn),
            format!("{}-compaction", options.thread_name),
            options.segment_bytes,
            options.max_closed_segments,
        ));
        let stats = Arc::new(Mutex::new(Stats::default()));
        let mut writer = Writer {
            store,
            queue: Arc::clone(&queue),
            acknowledge: Arc::clone(&acknowledge),
            compactor: Arc::clone(&compactor),
            stats: Arc::clone(&stats),
            segment_bytes: options.segment_bytes,
            epoch: survey.segments.last().map_or(1, |last| last.epoch + 1),
            previous: Previous::default(),
            active: None,
            begun: None,
        };
        if let (Some(found), Some((last, before))) = (last, survey.segments.split_last()) {
            let bytes = before.iter().map(|segment| segment.bytes).sum();
            let floor = survey.segments.first().filter(|first| first.compacted);
            compactor.found(before.len(), bytes, floor.map_or(0, |first| first.bytes));
            // Where a mark says that it is durable. A seal behind that may be in the page cache alone, and says no more.
            writer.previous = Previous {
                segment: last.number,
                seed: found.seed,
                end: found.durable,
                carried_to: if found.sealed {
                    found.durable
                } else {
                    found.end
                },
            };
            if writer.previous.has_carry() {
                // Read from the page cache, perhaps, and durable only once it was written anew.
                writer.active = Some(writer.begin()?);
            } else {
                // It is written no more, so it may be compacted before another one is begun.
                compactor.known(Closed {
                    segment: last.number,
                    end: found.durable,
                });
            }
        }
        let journal = Journal {
            queue,
            acknowledge,
            compactor,
            stats,
            sealed: Arc::default(),
            max_record_bytes: options.max_record_bytes,
        };
        journal.start(writer, &*spawn, &options.thread_name)?;
        Ok((journal, survey))
    }

    fn start(&self, mut writer: Writer, spawn: &dyn Spawn, name: &str) -> Result<(), Error> {
        let ending = Ending {
            queue: Arc::clone(&self.queue),
            acknowledge: Arc::clone(&self.acknowledge),
        };
        let sealed = Arc::clone(&self.sealed);
        let body = Box::new(move || {
            let _ending = ending;
            let outcome = writer.run();
            drop(writer);
            *lock(&sealed) = outcome.err();
        });
        spawn.spawn(name, body).map_err(|cause| {
            Error::new(
                ErrorKind::ThreadSpawn,
                format!("the journal has no thread that writes: {cause}"),
            )
        })
    }

    /// Appends `record`: [`Acknowledge`] is told under `token` when it has reached `level`. Does not block. Records are in
    /// the journal in the order in which their appends began to return, and so for one thread in its own order.
    ///
    /// Fails, and nobody is told, with [`ErrorKind::RecordTooLarge`], [`ErrorKind::Backpressure`] or
    /// [`ErrorKind::Closed`].
    pub fn append(&self, record: &Record, level: Level, token: u64) -> Result<(), Error> {
        let frame = record
            .encode(frame::begin(record.kind(), 128))
            .map_err(|cause| Error::new(ErrorKind::RecordTooLarge, cause))?;
        let length = frame.len() - frame::FRAME_HEAD_BYTES - 1;
        if length > self.max_record_bytes {
            return Err(Error::new(
                ErrorKind::RecordTooLarge,
                format!(
                    "a record of action {} has {length} bytes, the limit is {}: keep the value elsewhere and record \
                     where, or raise the limit",
                    shortened(record.action()),
                    self.max_record_bytes
                ),
            ));
        }
        self.push(frame, level, token)
    }

    /// Tells under `token` when everything that was appended before, at whatever level, is durable. Fails as
    /// [`Self::append`] does.
    pub fn sync(&self, token: u64) -> Result<(), Error> {
        self.push(Vec::new(), Level::Disk, token)
    }

    fn push(&self, frame: Vec<u8>, level: Level, token: u64) -> Result<(), Error> {
        let append = Append {
            frame,
            durable: level == Level::Disk,
            token: (level != Level::Memory).then_some(token),
        };
        self.queue.push(append).map_err(|refusal| match refusal {
            Refusal::Closed => closed(),
            Refusal::Full(bytes) => Error::new(
                ErrorKind::Backpressure,
                format!(
                    "{bytes} bytes wait to be written to the journal: the storage is slower than its callers; wait for \
                     acknowledgements before appending more"
                ),
            ),
        })?;
        if level == Level::Memory {
            tell(&*self.acknowledge, token, Ok(()));
        }
        Ok(())
    }

    /// Merges all segments that are written no more into one without the records of finished actions, on the calling
    /// thread, which may take long. The journal does so by itself when it is worth while. Fails with [`ErrorKind::Closed`]
    /// once the journal was closed, and without effect if it changes meanwhile because another writer has taken it over.
    pub fn compact(&self) -> Result<Compaction, Error> {
        self.compactor.compact()
    }

    /// What the journal has done since it was opened.
    pub fn stats(&self) -> Stats {
        *lock(&self.stats)
    }

    /// Refuses further appends, writes those that were taken, seals the segment, and waits for that: `patience` at most,
    /// and [`ErrorKind::TimedOut`] then. Fails also if records of [`Level::Memory`] could not be written, or the end of the
    /// segment, without which what was acknowledged at a higher level is safe all the same.
    pub fn close(&self, patience: Duration) -> Result<(), Error> {
        let began = Instant::now();
        self.queue.close();
        let in_time = self.compactor.cancel(patience)
            && self
                .queue
                .await_end(patience.saturating_sub(began.elapsed()));
        if !in_time {
            return Err(Error::new(
                ErrorKind::TimedOut,
                format!(
                    "the journal has not been written to its end within {patience:?}: the storage does not answer"
                ),
            ));
        }
        lock(&self.sealed).clone().map_or(Ok(()), Err)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Whatever ends the journal's thread, nobody waits for good.
struct Ending {
    queue: Arc<CommitQueue>,
    acknowledge: Arc<dyn Acknowledge>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        for token in self
            .queue
            .end()
            .into_iter()
            .filter_map(|append| append.token)
        {
            tell(&*self.acknowledge, token, Err(closed()));
        }
    }
}

fn shortened(action: &str) -> &str {
    const LONG: usize = 100;
    action
        .get(..action.floor_char_boundary(LONG))
        .unwrap_or(action)
}
