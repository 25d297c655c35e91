// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The thread that talks to object storage. Whoever needs something of it waits at a condition variable of std, so any thread
//! may, one of the JVM too.

use std::future::{Future, poll_fn};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use fermata_core::threads::Spawn;
use fermata_io::doorbell::{self, Doorbell, Listening, Porter};
use object_store::ObjectStore;

/// Where objects are.
pub(crate) type Objects = Arc<dyn ObjectStore>;

/// Starts a request, on the thread.
type Job = Box<dyn FnOnce(&Objects) + Send>;

/// The handle of the thread, which ends when this is dropped.
pub(crate) struct Remote {
    shared: Arc<Shared>,
}

struct Shared {
    inbox: Mutex<Inbox>,
    bell: Doorbell,
}

#[derive(Default)]
struct Inbox {
    jobs: Vec<Job>,
    /// Nobody has a use for the thread any more, or it has ended.
    closed: bool,
}

/// Why there is no [`Remote`].
pub(crate) enum NotStarted {
    /// There is no thread for it.
    Spawning(io::Error),
    /// It has nothing to talk to.
    Connecting(io::Error),
}

impl Remote {
    /// Starts the thread. What it talks to is made there by `connect`.
    pub(crate) fn start(
        name: &str,
        spawn: &dyn Spawn,
        connect: impl FnOnce() -> io::Result<Objects> + Send + 'static,
    ) -> Result<Self, NotStarted> {
        let (bell, porter) = doorbell::install().map_err(NotStarted::Connecting)?;
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            bell,
        });
        let (answer, reply) = ask();
        let serving = Serving(Arc::clone(&shared));
        let body = Box::new(move || serve(&serving.0, porter, connect, answer));
        spawn.spawn(name, body).map_err(NotStarted::Spawning)?;
        let remote = Self { shared };
        reply.wait().map_err(NotStarted::Connecting)?;
        Ok(remote)
    }

    /// Starts a request; many may be under way.
    pub(crate) fn submit<T, F>(
        &self,
        request: impl FnOnce(Objects) -> F + Send + 'static,
    ) -> Reply<T>
    where
        T: Send + 'static,
        F: Future<Output = io::Result<T>> + Send + 'static,
    {
        let (answer, reply) = ask();
        let job: Job = Box::new(move |objects| {
            let request = request(Arc::clone(objects));
            tokio::spawn(async move { answer.give(request.await) });
        });
        let refused = {
            let mut inbox = lock(&self.shared.inbox);
            if inbox.closed {
                Some(job)
            } else {
                inbox.jobs.push(job);
                None
            }
        };
        // A refused job is dropped under no lock, and so answers.
        if refused.is_none() {
            self.shared.bell.ring();
        }
        reply
    }

    /// Waits for a request.
    pub(crate) fn call<T, F>(
        &self,
        request: impl FnOnce(Objects) -> F + Send + 'static,
    ) -> io::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = io::Result<T>> + Send + 'static,
    {
        self.submit(request).wait()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        lock(&self.shared.inbox).closed = true;
        self.shared.bell.ring();
    }
}

/// However the thread ends, nobody waits for it.
struct Serving(Arc<Shared>);

impl Drop for Serving {
    fn drop(&mut self) {
        let jobs = {
            let mut inbox = lock(&self.0.inbox);
            inbox.closed = true;
            std::mem::take(&mut inbox.jobs)
        };
        drop(jobs);
    }
}

/// The life of the thread.
fn serve(
    shared: &Shared,
    porter: Porter,
    connect: impl FnOnce() -> io::Result<Objects>,
    answer: Answer<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let prepared = runtime.and_then(|runtime| {
        let entered = runtime.enter();
        let listening = porter.listen()?;
        let objects = connect()?;
        drop(entered);
        Ok((runtime, listening, objects))
    });
    let (runtime, mut listening, objects) = match prepared {
        Ok(prepared) => prepared,
        Err(cause) => return answer.give(Err(cause)),
    };
    answer.give(Ok(()));
    runtime.block_on(poll_fn(|context| {
        take_in(shared, &mut listening, &objects, context)
    }));
}

/// Ready once nobody has a use for the thread any more.
fn take_in(
    shared: &Shared,
    listening: &mut Listening,
    objects: &Objects,
    context: &mut Context<'_>,
) -> Poll<()> {
    // Before the inbox is looked at: what comes in later rings again.
    listening.rearm(context);
    let jobs = {
        let mut inbox = lock(&shared.inbox);
        if inbox.closed {
            return Poll::Ready(());
        }
        std::mem::take(&mut inbox.jobs)
    };
    jobs.into_iter().for_each(|job| job(objects));
    Poll::Pending
}

struct Slot<T> {
    answer: Mutex<Option<io::Result<T>>>,
    given: Condvar,
}

/// Whoever has it owes an answer; dropping it is one too.
struct Answer<T>(Arc<Slot<T>>);

/// What will be answered.
pub(crate) struct Reply<T>(Arc<Slot<T>>);

fn ask<T>() -> (Answer<T>, Reply<T>) {
    let slot = Arc::new(Slot {
        answer: Mutex::new(None),
        given: Condvar::new(),
    });
    (Answer(Arc::clone(&slot)), Reply(slot))
}

impl<T> Answer<T> {
    fn give(self, answer: io::Result<T>) {
        *lock(&self.0.answer) = Some(answer);
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        lock(&self.0.answer).get_or_insert_with(|| {
            Err(io::Error::other(
                "the thread of the object storage has ended",
            ))
        });
        self.0.given.notify_one();
    }
}

impl<T> Reply<T> {
    pub(crate) fn wait(self) -> io::Result<T> {
        let mut answer = lock(&self.0.answer);
        loop {
            match answer.take() {
                Some(answer) => return answer,
                None => {
                    answer = self
                        .0
                        .given
                        .wait(answer)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
