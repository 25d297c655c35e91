// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The threads of an engine: named, announced to the host, counted.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::sync::{Condvar, Mutex, lock, wait_for};

/// What a new thread runs.
pub type ThreadBody = Box<dyn FnOnce() + Send>;

/// How threads come into being.
pub trait Spawn: Send + Sync + 'static {
    /// Starts a detached thread called `name` that runs `body`, which does not panic.
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()>;
}

/// Who is told of threads, on those threads.
pub trait ThreadObserver: Send + Sync + 'static {
    /// Called first. On an error the thread ends without doing its work, and without a call of [`Self::ended`].
    fn started(&self, name: &str) -> Result<(), Error>;
    /// Called last. `last`: the threads were closed and no other is left. (Not told to anybody if none was left when they
    /// were closed.)
    fn ended(&self, last: bool);
}

/// Spawns and counts; shared by all who need threads, and by the threads.
pub struct EngineThreads {
    spawner: Box<dyn Spawn>,
    observer: Arc<dyn ThreadObserver>,
    census: Mutex<Census>,
    /// Signalled when no thread is left.
    none: Condvar,
}

#[derive(Default)]
struct Census {
    alive: usize,
    closed: bool,
}

impl EngineThreads {
    /// No threads yet.
    pub fn new(spawner: Box<dyn Spawn>, observer: Arc<dyn ThreadObserver>) -> Arc<Self> {
        Arc::new(Self {
            spawner,
            observer,
            census: Mutex::default(),
            none: Condvar::new(),
        })
    }

    /// Starts a thread called `name`. `body` hears whether the observer let the thread start; it must do no work if
    /// not. Fails with [`ErrorKind::ThreadSpawn`] or [`ErrorKind::Closed`], and `body` is dropped then.
    pub fn spawn(
        self: &Arc<Self>,
        name: String,
        body: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) -> Result<(), Error> {
        {
            let mut census = lock(&self.census);
            if census.closed {
                return Err(Error::new(
                    ErrorKind::Closed,
                    format!("thread {name} cannot be started: the engine is closed"),
                ));
            }
            census.alive += 1;
        }
        let threads = Arc::clone(self);
        let thread_name = name.clone();
        let started = self
            .spawner
            .spawn(&name, Box::new(move || threads.serve(&thread_name, body)));
        started.map_err(|cause| {
            self.one_less();
            Error::new(
                ErrorKind::ThreadSpawn,
                format!(
                    "thread {name} cannot be started: {cause}; lower the number of workers or raise the limit of \
                     threads (ulimit -u, pids cgroup)"
                ),
            )
        })
    }

    /// Refuses new threads: the next time that none is left, the last is told so.
    pub fn close(&self) {
        lock(&self.census).closed = true;
    }

    /// How many threads there are, from the moment they are asked for until they begin to end: so at 0 the last one may
    /// still be inside its [`ThreadObserver::ended`].
    pub fn alive(&self) -> usize {
        lock(&self.census).alive
    }

    /// Waits until [`Self::alive`] is 0, `patience` at most; whether it is.
    pub fn await_none(&self, patience: Duration) -> bool {
        let began = Instant::now();
        let mut census = lock(&self.census);
        while census.alive > 0 {
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            census = wait_for(&self.none, census, left);
        }
        true
    }

    /// Whether the threads are closed and none is left.
    fn one_less(&self) -> bool {
        let mut census = lock(&self.census);
        census.alive -= 1;
        if census.alive == 0 {
            self.none.notify_all();
        }
        census.closed && census.alive == 0
    }

    fn serve(&self, name: &str, body: impl FnOnce(Result<(), Error>)) {
        let start =
            catch_unwind(AssertUnwindSafe(|| self.observer.started(name))).unwrap_or_else(|_| {
                Err(Error::new(
                    ErrorKind::Boundary,
                    format!("thread {name} cannot serve: its start-up panicked"),
                ))
            });
        let attached = start.is_ok();
        match &start {
            Ok(()) => tracing::debug!(thread = name, "thread started"),
            Err(error) => tracing::warn!(thread = name, %error, "thread refused by the host"),
        }
        if catch_unwind(AssertUnwindSafe(|| body(start))).is_err() {
            tracing::error!(thread = name, "panic in an engine thread, which ends");
        }
        if attached {
            tracing::debug!(thread = name, "thread ends");
        }
        let last = self.one_less();
        if attached && catch_unwind(AssertUnwindSafe(|| self.observer.ended(last))).is_err() {
            tracing::error!(thread = name, "panic in the host at the end of a thread");
        }
    }
}
