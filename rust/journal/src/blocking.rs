// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal whose callers wait: for tools and tests, on threads of std.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fermata_core::threads::{Spawn, ThreadBody};

use crate::compaction::Compaction;
use crate::error::Error;
use crate::journal::{Acknowledge, Journal, Level, Options, Stats};
use crate::reading::Survey;
use crate::record::Record;
use crate::store::SegmentStore;

/// Detached threads of std. Not for threads of the JVM: starting one registers a thread-local destructor.
#[derive(Clone, Copy, Debug, Default)]
pub struct StdThreads;

impl Spawn for StdThreads {
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
        thread::Builder::new()
            .name(name.into())
            .spawn(body)
            .map(drop)
    }
}

/// A journal whose appends return when they are acknowledged.
pub struct BlockingJournal {
    journal: Journal,
    calls: Arc<Calls>,
    next: AtomicU64,
}

#[derive(Default)]
struct Calls {
    waiting: Mutex<HashMap<u64, Arc<Call>>>,
}

#[derive(Default)]
struct Call {
    outcome: Mutex<Option<Result<(), Error>>>,
    done: Condvar,
}

impl Acknowledge for Calls {
    fn acknowledged(&self, token: u64, outcome: Result<(), Error>) {
        let call = lock(&self.waiting).remove(&token);
        if let Some(call) = call {
            *lock(&call.outcome) = Some(outcome);
            call.done.notify_one();
        }
    }
}

impl BlockingJournal {
    /// As [`Journal::open`].
    pub fn open(
        store: Arc<dyn SegmentStore>,
        options: &Options,
        replay: &mut dyn FnMut(Record),
    ) -> Result<(Self, Survey), Error> {
        let calls = Arc::new(Calls::default());
        let acknowledge = Arc::clone(&calls) as Arc<dyn Acknowledge>;
        let (journal, survey) =
            Journal::open(store, options, Arc::new(StdThreads), acknowledge, replay)?;
        let journal = Self {
            journal,
            calls,
            next: AtomicU64::new(0),
        };
        Ok((journal, survey))
    }

    /// As [`Journal::append`]; returns when `level` is reached.
    pub fn append(&self, record: &Record, level: Level) -> Result<(), Error> {
        self.wait(|token| self.journal.append(record, level, token))
    }

    /// As [`Journal::sync`]; returns when everything is durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.wait(|token| self.journal.sync(token))
    }

    /// As [`Journal::compact`].
    pub fn compact(&self) -> Result<Compaction, Error> {
        self.journal.compact()
    }

    /// As [`Journal::stats`].
    pub fn stats(&self) -> Stats {
        self.journal.stats()
    }

    /// As [`Journal::close`].
    pub fn close(&self, patience: Duration) -> Result<(), Error> {
        self.journal.close(patience)
    }

    fn wait(&self, begin: impl FnOnce(u64) -> Result<(), Error>) -> Result<(), Error> {
        let token = self.next.fetch_add(1, Ordering::Relaxed);
        let call = Arc::new(Call::default());
        lock(&self.calls.waiting).insert(token, Arc::clone(&call));
        if let Err(error) = begin(token) {
            lock(&self.calls.waiting).remove(&token);
            return Err(error);
        }
        let mut outcome = lock(&call.outcome);
        loop {
            match outcome.take() {
                Some(outcome) => return outcome,
                None => {
                    outcome = call
                        .done
                        .wait(outcome)
                        .unwrap_or_else(PoisonError::into_inner)
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
