// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The engine: composes contexts, calls, workers and timers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fermata_core::call_slots::{CallSlots, CancelVerdict, Outcome};
use fermata_core::context_machine::{BeginVerdict, EndVerdict, Resumption, SliceEnd, WaitStatus};
use fermata_core::contexts::Contexts;
use fermata_core::error::{Error, ErrorKind};
use fermata_core::ids::{CallId, ContextId};
use fermata_core::threads::{EngineThreads, Spawn, ThreadObserver};
use fermata_core::worker_pool::{PoolLimits, Work, WorkerPool};
use fermata_io::timers::{Expiry, Timers};

use crate::completions::{Completions, Interventions};
use crate::config::{EngineConfig, Gauges};
use crate::host::{GuardedHost, Host};
use crate::native_thread::NativeThreads;

/// Longer waits are as good as endless, and can be added to any instant.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// One executor's native half: a worker pool, a timer thread (started when first needed), and the contexts and calls
/// of one owner.
///
/// Any thread may call any method; none blocks. A context must be driven (`begin_slice`, `end_slice`, `arm_wait`) by
/// one thread at a time.
///
/// Life cycle: open until [`Engine::begin_close`] (or the drop of the last handle). Then no context, call or thread
/// comes into being any more, and what exists is driven to its end through the same methods. Worker threads share the
/// engine's parts, not the engine: one that is stuck in a supplier keeps itself alive and holds no call slot.
pub struct Engine {
    completions: Arc<Completions>,
    interventions: Arc<Interventions>,
    timers: Timers,
    threads: Arc<EngineThreads>,
    name: String,
    closed: AtomicBool,
}

impl Engine {
    /// An open engine without threads. Fails with [`ErrorKind::InvalidArgument`].
    pub fn new(config: EngineConfig, host: Arc<dyn Host>) -> Result<Arc<Engine>, Error> {
        Self::with_spawner(config, host, Box::new(NativeThreads))
    }

    /// As [`Engine::new`], with threads of the caller's making.
    pub fn with_spawner(
        config: EngineConfig,
        host: Arc<dyn Host>,
        spawner: Box<dyn Spawn>,
    ) -> Result<Arc<Engine>, Error> {
        let max_calls = validate(&config)?;
        let host = Arc::new(GuardedHost(host));
        let slots = Arc::new(CallSlots::new(max_calls));
        let threads = EngineThreads::new(spawner, Arc::clone(&host) as Arc<dyn ThreadObserver>);
        let completions = Arc::new(Completions {
            slots: Arc::clone(&slots),
            contexts: Contexts::default(),
            host,
            sleeping: AtomicUsize::new(0),
            wake_ups: AtomicU64::new(0),
        });
        let pool = WorkerPool::new(
            PoolLimits {
                max_workers: config.max_workers,
                queue_capacity: config.queue_capacity,
                keep_alive: config.keep_alive,
                thread_prefix: config.thread_name.clone(),
            },
            slots,
            Arc::clone(&threads),
            Arc::clone(&completions) as Arc<dyn Work>,
        );
        let interventions = Arc::new(Interventions {
            completions: Arc::clone(&completions),
            pool,
        });
        let timers = Timers::new(
            Arc::clone(&interventions) as Arc<dyn Expiry>,
            Arc::clone(&threads),
            format!("{}-timer", config.thread_name),
        );
        tracing::debug!(engine = config.thread_name, "engine created");
        Ok(Arc::new(Engine {
            completions,
            interventions,
            timers,
            threads,
            name: config.thread_name,
            closed: AtomicBool::new(false),
        }))
    }

    /// A context in phase New. Fails with [`ErrorKind::Closed`].
    pub fn create_context(&self, resumption: Resumption) -> Result<ContextId, Error> {
        self.completions.contexts.create(resumption)
    }

    /// Forgets `context`; its open calls end without anybody being told. Unknown ids are ignored.
    pub fn release_context(&self, context: ContextId) {
        self.completions.contexts.release(context);
    }

    /// Asks to run a slice of `context`; after `Start` and `Resume` the caller runs it and then calls
    /// [`Engine::end_slice`]. Fails with [`ErrorKind::Busy`] while a slice runs, with [`ErrorKind::Closed`] for a new
    /// action on a closed engine, and with [`ErrorKind::UnknownContext`].
    pub fn begin_slice(&self, context: ContextId) -> Result<BeginVerdict, Error> {
        self.completions.contexts.begin_slice(context)
    }

    /// Says how the slice ended. Fails with [`ErrorKind::InvalidArgument`] if none runs, and with
    /// [`ErrorKind::UnknownContext`].
    pub fn end_slice(&self, context: ContextId, end: SliceEnd) -> Result<EndVerdict, Error> {
        let (verdict, announcement) = self.completions.contexts.end_slice(context, end)?;
        self.completions.announce(announcement);
        Ok(verdict)
    }

    /// Begins a wait of the running action for `calls` calls, which are reserved next. The wait is satisfied when all
    /// are done, or one has ended otherwise than with a value. Fails as [`Engine::end_slice`].
    pub fn arm_wait(&self, context: ContextId, calls: u32) -> Result<(), Error> {
        self.completions.contexts.arm_wait(context, calls)
    }

    /// How the current wait stands; `Aborted` for an unknown context.
    pub fn wait_status(&self, context: ContextId) -> WaitStatus {
        self.completions.contexts.wait_status(context)
    }

    /// A slot for one call of `context`, as part of its current wait. Every reserved call must be taken or discarded.
    /// Fails with [`ErrorKind::TooManyCalls`], [`ErrorKind::Closed`] and [`ErrorKind::UnknownContext`].
    pub fn reserve(&self, context: ContextId) -> Result<CallId, Error> {
        let epoch = self.completions.contexts.epoch(context)?;
        self.completions.slots.reserve(context, epoch)
    }

    /// Queues a reserved call for the workers. The deadline counts from now and covers queue and run. On an error
    /// the call is not queued, and if it is still reserved it can be submitted again: [`ErrorKind::QueueFull`],
    /// [`ErrorKind::ThreadSpawn`] (no worker lives, or the timer thread is missing), [`ErrorKind::Closed`],
    /// [`ErrorKind::UnknownCall`].
    pub fn submit(&self, call: CallId, deadline: Option<Duration>) -> Result<(), Error> {
        let due = deadline.map(instant_after);
        if due.is_some() {
            self.timers.start()?;
        }
        self.interventions
            .pool
            .submit(call, due.is_some())
            .map_err(|error| self.unless_closed(error))?;
        if let Some(due) = due {
            self.insert_timer(call, due);
        }
        Ok(())
    }

    /// Turns a reserved call into a sleep: it ends with a value when `duration` is over (resolution 1 ms, never early).
    /// Fails with [`ErrorKind::ThreadSpawn`], [`ErrorKind::Closed`] and [`ErrorKind::UnknownCall`]; the call stays as
    /// it was.
    pub fn sleep(&self, call: CallId, duration: Duration) -> Result<(), Error> {
        let due = instant_after(duration);
        self.timers.start()?;
        let sleeping = &self.completions.sleeping;
        sleeping.fetch_add(1, Ordering::Relaxed);
        if !self.completions.slots.sleep(call) {
            sleeping.fetch_sub(1, Ordering::Relaxed);
            return Err(self.not_reserved(call, "sleep"));
        }
        self.insert_timer(call, due);
        Ok(())
    }

    /// Lets a reserved call wait for something outside of the engine: it ends with a value by [`Engine::arrive`], or times
    /// out. Fails as [`Engine::sleep`].
    pub fn leave_outside(&self, call: CallId, deadline: Option<Duration>) -> Result<(), Error> {
        let due = deadline.map(instant_after);
        if due.is_some() {
            self.timers.start()?;
        }
        let slots = &self.completions.slots;
        if !slots.leave_outside(call, due.is_some()) {
            return Err(self.not_reserved(call, "wait"));
        }
        if let Some(due) = due {
            self.insert_timer(call, due);
        }
        Ok(())
    }

    /// What `call` waited for outside of the engine has come. Calls that are done, and unknown ids, are ignored.
    pub fn arrive(&self, call: CallId) {
        self.completions.arrive(call);
    }

    /// Ends an open call as cancelled. Unknown ids and calls that are done are ignored.
    pub fn cancel_call(&self, call: CallId) -> CancelVerdict {
        self.interventions.cancel(call)
    }

    /// As [`Engine::cancel_call`], and frees the slot: for calls whose outcome nobody wants.
    pub fn discard(&self, call: CallId) -> CancelVerdict {
        let verdict = self.cancel_call(call);
        self.take(call);
        verdict
    }

    /// The outcome of a call that is done, whose slot is free then; `None` for a call that is open or not known.
    pub fn take(&self, call: CallId) -> Option<Outcome> {
        let taken = self.completions.slots.take(call)?;
        if taken.timed {
            self.timers.cancel(call);
        }
        Some(taken.outcome)
    }

    /// Tells the action of `context` to give up: its waits end at once until it finishes.
    pub fn cancel_context(&self, context: ContextId) {
        let announcement = self.completions.contexts.cancel(context);
        self.completions.announce(announcement);
    }

    /// The action of `context` has something to run, whatever it waited for: a suspended context becomes ready, and the
    /// next park of a running one returns at once.
    pub fn unparked(&self, context: ContextId) {
        let announcement = self.completions.contexts.unparked(context);
        self.completions.announce(announcement);
    }

    /// Declares that the owner drains, and waits to be woken: contexts that are ready now or later are queued for it.
    /// Implied by [`Engine::has_ready`] and [`Engine::drain_ready`]; before the first of these nothing is queued, and
    /// nobody woken.
    pub fn observe(&self) {
        let announcement = self.completions.contexts.observe();
        self.completions.announce(announcement);
    }

    /// Whether a context is ready. If not, the next that becomes ready wakes the owner.
    pub fn has_ready(&self) -> bool {
        self.completions.contexts.has_ready()
    }

    /// Moves ready contexts to `into`, oldest first; how many. If fewer than fit, the next that becomes ready wakes the
    /// owner; if `into` is full, call again.
    pub fn drain_ready(&self, into: &mut [u64]) -> usize {
        self.completions.contexts.drain(into)
    }

    /// What the engine is doing now.
    pub fn gauges(&self) -> Gauges {
        let pool = self.interventions.pool.gauges();
        Gauges {
            in_flight: self.completions.slots.in_use() as u64,
            queued: pool.queued as u64,
            running: pool.running as u64,
            sleeping: self.completions.sleeping.load(Ordering::Relaxed) as u64,
            suspended: self.completions.contexts.suspended() as u64,
            workers: pool.workers as u64,
            wake_ups: self.completions.wake_ups.load(Ordering::Relaxed),
            timer_entries: self.timers.entries() as u64,
        }
    }

    /// Closes the engine, without waiting; further calls do nothing. Every context is aborted, and becomes ready if it
    /// was suspended (by unpark: the host is notified); every open call ends as aborted; idle threads end at once,
    /// workers when their supplier returns. The caller interrupts those suppliers.
    pub fn begin_close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        // First, or a worker that is interrupted for its call's abort would take the next.
        self.interventions.pool.forget();
        self.interventions.abort_all();
        // Before they are told to end, so that the last one knows; after all upcalls of this thread, so that the host may
        // forget what it needs for upcalls when the last one ends.
        self.threads.close();
        self.timers.close();
        self.interventions.pool.close();
        tracing::debug!(engine = self.name, "engine closed");
    }

    /// How many threads of the engine serve. At 0 after [`Engine::begin_close`], none will start, and the last that ended
    /// may still be inside [`Host::thread_ended`].
    pub fn threads_alive(&self) -> usize {
        self.threads.alive()
    }

    /// The call was just made subject to a timer. Should it have been taken before its entry was made, then whoever took
    /// it came too early to cancel the entry.
    fn insert_timer(&self, call: CallId, due: Instant) {
        self.timers.insert(call, due);
        if !self.completions.slots.is_held(call) {
            self.timers.cancel(call);
        }
    }

    fn not_reserved(&self, call: CallId, verb: &str) -> Error {
        self.unless_closed(Error::new(
            ErrorKind::UnknownCall,
            format!("{call} cannot {verb}: it is not reserved (any more)"),
        ))
    }

    /// Close ends every call, so that it is the reason behind a call that is not as it should be.
    fn unless_closed(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::UnknownCall && self.closed.load(Ordering::Acquire) {
            return Error::new(ErrorKind::Closed, format!("{error}: the engine is closed"));
        }
        error
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.begin_close();
    }
}

fn instant_after(duration: Duration) -> Instant {
    Instant::now() + duration.min(FOREVER)
}

/// The greatest number of calls, if the configuration is sound.
fn validate(config: &EngineConfig) -> Result<u32, Error> {
    let invalid = |message: String| Error::new(ErrorKind::InvalidArgument, message);
    if config.max_workers == 0 {
        return Err(invalid("max_workers must be at least 1, was 0".into()));
    }
    if config.queue_capacity == 0 {
        return Err(invalid("queue_capacity must be at least 1, was 0".into()));
    }
    if config.thread_name.is_empty() || config.thread_name.contains('\0') {
        return Err(invalid(
            "thread_name must not be empty or contain a NUL character".into(),
        ));
    }
    i32::try_from(config.max_calls)
        .ok()
        .filter(|&calls| calls > 0)
        .map(i32::cast_unsigned)
        .ok_or_else(|| {
            invalid(format!(
                "max_calls must be from 1 to {}, was {}",
                i32::MAX,
                config.max_calls
            ))
        })
}
