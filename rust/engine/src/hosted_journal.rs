// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal with threads and a host: what the boundary sees of [`fermata_journal`].

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fermata_core::error::{Error, ErrorKind};
use fermata_core::threads::{EngineThreads, Spawn, ThreadBody, ThreadObserver};
use fermata_journal::{
    Acknowledge, Journal, Level, Options, Record, SegmentStore, Stats, Survey, TornTail,
};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore, S3Options};

use crate::native_thread::NativeThreads;

/// Whom a journal serves: told of its threads and of what became of appends.
pub trait JournalHost: Acknowledge {
    /// Called first on each of the journal's threads, with its name. On an error the thread ends at once, without a call of
    /// [`Self::thread_ended`], and whoever started it gets the error.
    fn thread_started(&self, name: &str) -> Result<(), Error>;

    /// Called last on each of the journal's threads. `last`: the journal is closed and no other is left. Not told to anybody
    /// if no thread was alive at the end of [`HostedJournal::close`].
    fn thread_ended(&self, last: bool);
}

/// A journal that is open until it is closed. Any thread may call any method; none but [`Self::open`],
/// [`Self::open_in_object_storage`], [`Self::compact`] and [`Self::close`] blocks. Dropping it closes it without waiting.
pub struct HostedJournal {
    journal: Mutex<Option<Arc<Journal>>>,
    threads: Arc<EngineThreads>,
}

impl HostedJournal {
    /// As [`Journal::open`]. On an error no thread is left.
    pub fn open(
        store: Arc<dyn SegmentStore>,
        options: &Options,
        host: Arc<dyn JournalHost>,
        replay: &mut dyn FnMut(Record),
    ) -> Result<Self, Error> {
        let (threads, spawn) = threads_of(&host);
        let opened = Journal::open(store, options, spawn, host, replay)?;
        Ok(Self::opened(opened, threads))
    }

    /// As [`Journal::open`] over object storage at `url`, `s3://bucket/prefix`, where this journal takes over from any other
    /// ([`ObjectStorageStore::take_over`]). All requests are made on two more threads of the journal. On an error they end
    /// soon. Options that make no sense fence nobody.
    pub fn open_in_object_storage(
        url: &str,
        storage: &S3Options,
        options: &Options,
        host: Arc<dyn JournalHost>,
        replay: &mut dyn FnMut(Record),
    ) -> Result<Self, Error> {
        options.check()?;
        let (threads, spawn) = threads_of(&host);
        let storage = ObjectStorage::open(url, storage, Arc::clone(&spawn))?;
        let store = Arc::new(ObjectStorageStore::take_over(storage)?);
        let opened = Journal::open(store, options, spawn, host, replay)?;
        Ok(Self::opened(opened, threads))
    }

    fn opened((journal, survey): (Journal, Survey), threads: Arc<EngineThreads>) -> Self {
        if let Some(TornTail {
            file,
            offset,
            reason,
        }) = survey.torn
        {
            tracing::info!(
                file,
                offset,
                reason,
                "the journal ended in what a crash tore"
            );
        }
        Self {
            journal: Mutex::new(Some(Arc::new(journal))),
            threads,
        }
    }

    /// As [`Journal::append`].
    pub fn append(&self, record: &Record, level: Level, token: u64) -> Result<(), Error> {
        Ok(self.journal()?.append(record, level, token)?)
    }

    /// As [`Journal::sync`].
    pub fn sync(&self, token: u64) -> Result<(), Error> {
        Ok(self.journal()?.sync(token)?)
    }

    /// As [`Journal::compact`].
    pub fn compact(&self) -> Result<(), Error> {
        self.journal()?.compact()?;
        Ok(())
    }

    /// As [`Journal::stats`].
    pub fn stats(&self) -> Result<Stats, Error> {
        Ok(self.journal()?.stats())
    }

    /// As [`Journal::close`]; if that does not fail with [`ErrorKind::TimedOut`], the store is released when this returns.
    /// Does nothing if the journal is closed.
    pub fn close(&self, patience: Duration) -> Result<(), Error> {
        let Some(journal) = lock(&self.journal).take() else {
            return Ok(());
        };
        let began = Instant::now();
        let closed = journal.close(patience);
        drop(journal);
        self.threads.close();
        self.threads
            .await_none(patience.saturating_sub(began.elapsed()));
        Ok(closed?)
    }

    /// How many threads are alive: one that writes, perhaps one that compacts, and two if it is in object storage.
    pub fn threads_alive(&self) -> usize {
        self.threads.alive()
    }

    fn journal(&self) -> Result<Arc<Journal>, Error> {
        lock(&self.journal).clone().ok_or_else(|| {
            Error::new(
                ErrorKind::Closed,
                "the journal is closed; open it again to use it",
            )
        })
    }
}

impl Drop for HostedJournal {
    fn drop(&mut self) {
        self.threads.close();
    }
}

fn threads_of(host: &Arc<dyn JournalHost>) -> (Arc<EngineThreads>, Arc<dyn Spawn>) {
    let observer = Arc::new(ThreadsOf(Arc::clone(host)));
    let threads = EngineThreads::new(Box::new(NativeThreads), observer);
    let spawn = Arc::new(Admitted(Arc::clone(&threads)));
    (threads, spawn)
}

/// Starts threads and returns when the host has let them in, so that a journal is not open without one that writes.
struct Admitted(Arc<EngineThreads>);

impl Spawn for Admitted {
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
        let admission = Arc::new(Admission::default());
        let reported = Arc::clone(&admission);
        let started = self.0.spawn(name.into(), move |start| match start {
            Ok(()) => {
                reported.report(Ok(()));
                body();
            }
            Err(error) => {
                drop(body); // and with it the store, before anybody hears that it can be opened again
                reported.report(Err(error));
            }
        });
        started
            .and_then(|()| admission.wait())
            .map_err(|error| io::Error::other(error.message()))
    }
}

#[derive(Default)]
struct Admission {
    verdict: Mutex<Option<Result<(), Error>>>,
    reported: Condvar,
}

impl Admission {
    fn report(&self, verdict: Result<(), Error>) {
        *lock(&self.verdict) = Some(verdict);
        self.reported.notify_one();
    }

    fn wait(&self) -> Result<(), Error> {
        let mut verdict = lock(&self.verdict);
        loop {
            if let Some(verdict) = verdict.take() {
                return verdict;
            }
            verdict = self
                .reported
                .wait(verdict)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

struct ThreadsOf(Arc<dyn JournalHost>);

impl ThreadObserver for ThreadsOf {
    fn started(&self, name: &str) -> Result<(), Error> {
        self.0.thread_started(name)
    }

    fn ended(&self, last: bool) {
        self.0.thread_ended(last);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
