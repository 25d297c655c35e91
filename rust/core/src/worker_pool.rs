// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The threads that run suppliers, and the bounded queue before them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call_slots::{CallSlots, Outcome};
use crate::error::{Error, ErrorKind};
use crate::ids::CallId;
use crate::sync::{Condvar, Mutex, MutexGuard, lock};
use crate::threads::EngineThreads;

/// What workers do with a call. Called on worker threads (`space` and `complete`: on any), under no lock.
pub trait Work: Send + Sync + 'static {
    /// Runs the supplier; may block for long. A panic is caught and makes the outcome [`Outcome::Fault`].
    fn run(&self, call: CallId) -> Outcome;
    /// The call ended, unless it was completed otherwise before.
    fn complete(&self, call: CallId, outcome: Outcome);
    /// A place in the queue came free after a submit was refused.
    fn space(&self);
}

/// The limits of a pool.
#[derive(Clone, Debug)]
pub struct PoolLimits {
    /// The most workers at once; at least 1.
    pub max_workers: usize,
    /// The most calls that wait while no worker can be had; at least 1.
    pub queue_capacity: usize,
    /// How long a worker without work lives on.
    pub keep_alive: Duration,
    /// Workers are called `<prefix>-<n>`, counted from 1.
    pub thread_prefix: String,
}

/// What a pool is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolGauges {
    /// Calls that wait for a worker.
    pub queued: usize,
    /// Suppliers that run now.
    pub running: usize,
    /// Workers, those about to start included.
    pub workers: usize,
}

/// A pool grows by one worker when a call comes and no worker is idle, up to its limit, and each worker ends when it was
/// idle for the keep-alive. Queued calls are run in the order of their submission.
///
/// Any thread may call any method. The state is shared with the workers, so a worker whose supplier never returns keeps
/// that much memory and no more.
pub struct WorkerPool {
    shared: Arc<Shared>,
}

struct Shared {
    slots: Arc<CallSlots>,
    threads: Arc<EngineThreads>,
    work: Arc<dyn Work>,
    limits: PoolLimits,
    state: Mutex<State>,
    signal: Condvar,
}

/// `parked` + `signals` = workers inside `await_signal`: a signal is one of them that was told to look at the queue. The
/// `starting` were spawned and are about to look at it.
#[derive(Default)]
struct State {
    /// In order of submission; also holds calls that were completed while queued, until they come up.
    queue: VecDeque<CallId>,
    /// Calls in phase Queued. Whoever takes a call out of that phase gives its place back.
    places: usize,
    /// A submit was refused since the last place came free.
    space_wanted: bool,
    workers: usize,
    running: usize,
    parked: usize,
    signals: usize,
    starting: usize,
    /// Workers spawned so far, for their names.
    spawned: u64,
    closed: bool,
}

impl WorkerPool {
    /// A pool without workers for calls of `slots`.
    pub fn new(
        limits: PoolLimits,
        slots: Arc<CallSlots>,
        threads: Arc<EngineThreads>,
        work: Arc<dyn Work>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                slots,
                threads,
                work,
                limits,
                state: Mutex::default(),
                signal: Condvar::new(),
            }),
        }
    }

    /// Queues a reserved call; `timed`: a timer entry is about to be made for it. Fails with
    /// [`ErrorKind::QueueFull`], [`ErrorKind::Closed`], [`ErrorKind::UnknownCall`] if the call is not in phase
    /// Reserved, and [`ErrorKind::ThreadSpawn`] if no worker is alive and none can be started; in all cases the call
    /// stays as it was.
    pub fn submit(&self, call: CallId, timed: bool) -> Result<(), Error> {
        let shared = &self.shared;
        let mut state = lock(&shared.state);
        if state.closed {
            return Err(Error::new(
                ErrorKind::Closed,
                format!("{call} cannot be submitted: the engine is closed"),
            ));
        }
        let can_hire = state.workers < shared.limits.max_workers;
        // Workers on their way to the queue have each spoken for one call, which therefore does not count as waiting.
        if state.parked == 0
            && !can_hire
            && state.places >= shared.limits.queue_capacity + state.signals + state.starting
        {
            state.space_wanted = true;
            return Err(Error::new(
                ErrorKind::QueueFull,
                format!(
                    "{call} cannot be submitted: {} calls wait and all {} workers are busy; try again when a place \
                     is free, or raise the number of workers or the capacity of the queue",
                    state.places, state.workers
                ),
            ));
        }
        if !shared.slots.enqueue(call, timed) {
            return Err(Error::new(
                ErrorKind::UnknownCall,
                format!("{call} cannot be submitted: it is not reserved (any more)"),
            ));
        }
        state.places += 1;
        state.queue.push_back(call);
        shared.sweep(&mut state);
        if state.parked > 0 {
            state.parked -= 1;
            state.signals += 1;
            drop(state);
            shared.signal.notify_one();
            Ok(())
        } else if can_hire {
            state.workers += 1;
            state.starting += 1;
            state.spawned += 1;
            let name = format!("{}-{}", shared.limits.thread_prefix, state.spawned);
            drop(state);
            self.hire(name, call)
        } else {
            Ok(())
        }
    }

    /// A call that waited was completed otherwise: its place is free.
    pub fn withdraw(&self) {
        let wanted = {
            let mut state = lock(&self.shared.state);
            state.places -= 1;
            std::mem::take(&mut state.space_wanted)
        };
        if wanted {
            self.shared.work.space();
        }
    }

    /// Forgets the calls that wait, which the caller completes.
    pub fn forget(&self) {
        lock(&self.shared.state).queue = VecDeque::new();
    }

    /// Refuses new calls, forgets those that wait (the caller completes them) and tells the workers to end.
    pub fn close(&self) {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        state.queue = VecDeque::new();
        drop(state);
        self.shared.signal.notify_all();
    }

    /// What the pool is doing now.
    pub fn gauges(&self) -> PoolGauges {
        let state = lock(&self.shared.state);
        PoolGauges {
            queued: state.places,
            running: state.running,
            workers: state.workers,
        }
    }

    /// Spawns a worker that was counted already. Without it, `call` waits for another worker, if there is one.
    fn hire(&self, name: String, call: CallId) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let spawned = self.shared.threads.spawn(name, move |start| match start {
            Ok(()) => shared.serve(),
            Err(_) => shared.unhire(),
        });
        let Err(error) = spawned else {
            return Ok(());
        };
        let returned = {
            let mut state = lock(&self.shared.state);
            let returned = state.workers == 1 && self.shared.slots.unqueue(call);
            if returned {
                state.places -= 1;
                state.queue.retain(|&queued| queued != call);
            }
            returned
        };
        self.shared.unhire();
        if returned {
            return Err(error);
        }
        tracing::warn!(%error, "fewer workers than wanted");
        Ok(())
    }
}

impl Shared {
    /// The life of a worker.
    fn serve(&self) {
        let mut state = lock(&self.state);
        state.starting -= 1;
        loop {
            while let Some(call) = self.next(&mut state) {
                let space = std::mem::take(&mut state.space_wanted);
                state.running += 1;
                drop(state);
                if space {
                    self.work.space();
                }
                let outcome = catch_unwind(AssertUnwindSafe(|| self.work.run(call)))
                    .unwrap_or_else(|_| {
                        tracing::error!(%call, "panic in the host while it ran a call");
                        Outcome::Fault
                    });
                self.work.complete(call, outcome);
                state = lock(&self.state);
                state.running -= 1;
            }
            let (next, signalled) = self.await_signal(state);
            state = next;
            if !signalled {
                state.workers -= 1;
                return;
            }
        }
    }

    /// The next call that is still to be run; it is in phase Running then.
    fn next(&self, state: &mut State) -> Option<CallId> {
        while let Some(call) = state.queue.pop_front() {
            if self.slots.start(call) {
                state.places -= 1;
                return Some(call);
            }
        }
        None
    }

    /// Parks until there may be work; false if the worker shall end: the pool is closed, or the keep-alive is over.
    fn await_signal<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
    ) -> (MutexGuard<'a, State>, bool) {
        let end = Instant::now().checked_add(self.limits.keep_alive);
        state.parked += 1;
        loop {
            if state.signals > 0 {
                state.signals -= 1;
                return (state, true);
            }
            let patience = end.map_or(Duration::MAX, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if state.closed || patience.is_zero() {
                state.parked -= 1;
                return (state, false);
            }
            state = self
                .signal
                .wait_timeout(state, patience)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
    }

    /// Takes back a worker that was counted but does not serve. If it was the only one, nobody is left to
    /// run what waits: those calls end as faults.
    fn unhire(&self) {
        let orphans = {
            let mut state = lock(&self.state);
            state.workers -= 1;
            state.starting -= 1;
            let mut orphans = Vec::new();
            if state.workers == 0 {
                while let Some(call) = self.next(&mut state) {
                    orphans.push(call);
                }
            }
            orphans
        };
        for call in orphans {
            self.work.complete(call, Outcome::Fault);
        }
    }

    /// Drops queue entries of calls that were completed while queued, once they outnumber the others.
    fn sweep(&self, state: &mut State) {
        if state.queue.len() > 2 * state.places.max(self.limits.queue_capacity) {
            state.queue.retain(|&call| self.slots.is_queued(call));
        }
    }
}
