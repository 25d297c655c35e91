// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The commit queue: any thread appends, one writer takes what has gathered. While the writer syncs a batch the next one
//! gathers, which is what makes many appends share a sync.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::sync::{Condvar, Mutex, lock, wait, wait_for};

/// One append.
pub(crate) struct Append {
    /// The frame, its head not filled in; empty if this only asks for a sync.
    pub(crate) frame: Vec<u8>,
    /// Whether it is acknowledged only when it is durable.
    pub(crate) durable: bool,
    /// Who is told of its end; nobody if it was acknowledged already.
    pub(crate) token: Option<u64>,
}

impl Append {
    /// Whether it was acknowledged although it is not written.
    pub(crate) fn is_owed(&self) -> bool {
        self.token.is_none()
    }
}

fn bytes_of(appends: &[Append]) -> usize {
    appends.iter().map(|append| append.frame.len()).sum()
}

/// Bounds of the queue and its batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) pending_bytes: usize,
    pub(crate) batch_bytes: usize,
    pub(crate) delay: Duration,
}

/// Why an append was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// So many bytes wait.
    Full(usize),
    Closed,
}

pub(crate) struct CommitQueue {
    bounds: Bounds,
    state: Mutex<State>,
    /// Signalled when the writer has something to do.
    work: Condvar,
    /// Signalled when the writer has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Append>,
    /// Bytes of `pending`.
    gathered: usize,
    /// Of batches that failed, what was acknowledged before: the next batch begins with it.
    owed: Vec<Append>,
    /// Bytes of `owed`.
    owed_bytes: usize,
    /// Bytes of the batch that is being written.
    in_flight: usize,
    /// When the oldest of `pending` came.
    since: Option<Instant>,
    writer_waits: bool,
    closed: bool,
    /// What is owed was tried for the last time.
    ending: bool,
    ended: bool,
}

impl CommitQueue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            state: Mutex::new(State::default()),
            work: Condvar::new(),
            ended: Condvar::new(),
        }
    }

    /// Appends; never blocks for longer than another thread needs to append. A record that is longer than the bound is
    /// taken if nothing else waits.
    pub(crate) fn push(&self, append: Append) -> Result<(), Refusal> {
        let bytes = append.frame.len();
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Refusal::Closed);
        }
        let unwritten = state.gathered + state.in_flight + state.owed_bytes;
        if unwritten > 0 && unwritten + bytes > self.bounds.pending_bytes {
            return Err(Refusal::Full(unwritten));
        }
        if state.pending.is_empty() && !self.bounds.delay.is_zero() {
            state.since = Some(Instant::now());
        }
        state.gathered += bytes;
        state.pending.push_back(append);
        let due = self.bounds.delay.is_zero()
            || state.pending.len() == 1
            || state.gathered >= self.bounds.batch_bytes;
        let wake = due && std::mem::replace(&mut state.writer_waits, false);
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(())
    }

    /// The next batch, in the order of the appends: not empty, and beyond the bound only by a single append, or by what is
    /// owed. `None` once the queue is closed and empty. What was taken before counts as written now, or is owed.
    pub(crate) fn take(&self) -> Option<Vec<Append>> {
        let mut state = lock(&self.state);
        state.in_flight = 0;
        loop {
            if state.pending.is_empty() {
                if state.closed {
                    return Self::last(&mut state);
                }
                state.writer_waits = true;
                state = wait(&self.work, state);
                continue;
            }
            let left = state.since.map_or(Duration::ZERO, |since| {
                self.bounds.delay.saturating_sub(since.elapsed())
            });
            if left.is_zero() || state.closed || state.gathered >= self.bounds.batch_bytes {
                return Some(self.cut(&mut state));
            }
            state.writer_waits = true;
            state = wait_for(&self.work, state, left);
        }
    }

    /// Keeps what is owed of a batch that failed, so that nothing that was appended later is ever there without it.
    pub(crate) fn owe(&self, batch: Vec<Append>) {
        let mut state = lock(&self.state);
        state.owed = batch;
        state.owed.retain(Append::is_owed);
        state.owed_bytes = bytes_of(&state.owed);
    }

    /// Lets the next batch begin with this one, for which nobody waits; gives it back if it is too long to wait, or if nothing
    /// may come any more.
    pub(crate) fn defer(&self, batch: Vec<Append>) -> Option<Vec<Append>> {
        let mut state = lock(&self.state);
        if state.closed || state.in_flight >= self.bounds.batch_bytes {
            return Some(batch);
        }
        state.owed = batch;
        state.owed_bytes = std::mem::take(&mut state.in_flight);
        None
    }

    /// What is owed when nothing else comes; once, for if that fails again it is lost with the process.
    fn last(state: &mut State) -> Option<Vec<Append>> {
        state.owed_bytes = 0;
        let owed = std::mem::take(&mut state.owed);
        let once = !std::mem::replace(&mut state.ending, true);
        (once && !owed.is_empty()).then_some(owed)
    }

    fn cut(&self, state: &mut State) -> Vec<Append> {
        state.writer_waits = false;
        let mut bytes = 0;
        let count = state
            .pending
            .iter()
            .take_while(|append| {
                let fits = bytes == 0 || bytes + append.frame.len() <= self.bounds.batch_bytes;
                bytes += append.frame.len();
                fits
            })
            .count();
        let mut batch = std::mem::take(&mut state.owed);
        let owed = batch.len();
        batch.extend(state.pending.drain(..count));
        state.gathered -= bytes_of(&batch[owed..]);
        state.in_flight = bytes_of(&batch);
        state.owed_bytes = 0;
        batch
    }

    /// Refuses further appends; the writer comes to its end once it has taken those that are there.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.work.notify_one();
    }

    /// Called by the writer when it ends, whatever the reason: what it left in the queue.
    pub(crate) fn end(&self) -> VecDeque<Append> {
        let mut state = lock(&self.state);
        state.closed = true;
        state.ended = true;
        let left = std::mem::take(&mut state.pending);
        drop(state);
        self.ended.notify_all();
        left
    }

    /// Waits until the writer has ended, `patience` at most; whether it has.
    pub(crate) fn await_end(&self, patience: Duration) -> bool {
        let began = Instant::now();
        let mut state = lock(&self.state);
        while !state.ended {
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            state = wait_for(&self.ended, state, left);
        }
        true
    }
}

#[cfg(all(test, loom))]
mod tests {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    fn queue() -> Arc<CommitQueue> {
        Arc::new(CommitQueue::new(Bounds {
            pending_bytes: 3,
            batch_bytes: 2,
            delay: Duration::ZERO,
        }))
    }

    /// All orders of events with at most two preemptions: where such mistakes show, and seconds in place of minutes.
    fn model(run: impl Fn() + Sync + Send + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(run);
    }

    fn append(token: u64) -> Append {
        Append {
            frame: vec![0],
            durable: true,
            token: Some(token),
        }
    }

    /// Two appenders, one writer, and a close that races them: what was taken in comes out once, in order.
    #[test]
    fn every_append_that_was_taken_comes_out_once() {
        model(|| {
            let queue = queue();
            let appender = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let first = queue.push(append(1)).is_ok();
                    let second = queue.push(append(2)).is_ok();
                    (first, second)
                })
            };
            let writer = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let mut taken = Vec::new();
                    while let Some(batch) = queue.take() {
                        taken.extend(batch.into_iter().filter_map(|append| append.token));
                    }
                    assert!(queue.end().is_empty());
                    taken
                })
            };
            let third = queue.push(append(3)).is_ok();
            queue.close();
            let (first, second) = appender.join().expect("no panic");
            let taken = writer.join().expect("no panic");
            let mut expected = Vec::new();
            expected.extend(
                [(1, first), (2, second), (3, third)]
                    .iter()
                    .filter(|(_, ok)| *ok)
                    .map(|(token, _)| *token),
            );
            let mut sorted = taken.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, expected);
            let own: Vec<u64> = taken.into_iter().filter(|token| *token != 3).collect();
            assert!(own.is_sorted());
        });
    }

    /// Bytes in flight count against the bound until the writer comes back.
    #[test]
    fn the_bound_holds_while_a_batch_is_written() {
        model(|| {
            let queue = queue();
            let writer = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.take().map(|batch| batch.len()))
            };
            let taken = (1..=4)
                .filter(|token| queue.push(append(*token)).is_ok())
                .count();
            assert_eq!(taken, 3);
            assert!(writer.join().expect("no panic").is_some());
        });
    }
}
