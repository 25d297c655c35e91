// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Deadlines and sleeps: one thread, tokio's timer wheel.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use fermata_core::error::{Error, ErrorKind};
use fermata_core::ids::CallId;
use fermata_core::threads::EngineThreads;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use crate::doorbell::{self, Doorbell, Listening, Porter};

/// The timer wheel holds no more than about two years; what is due later goes round again.
const HORIZON: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How many commands may pile up before the thread is woken for no other reason than to take them in.
const BACKLOG: usize = 1024;

/// Who is told of entries that are due. Called on the timer thread, under no lock; must not block.
pub trait Expiry: Send + Sync + 'static {
    /// The entry of `call` is due, and gone.
    fn due(&self, call: CallId);
    /// The entry of `call` will never come due, because the timer thread could not serve.
    fn lost(&self, call: CallId);
}

/// Timer entries by call. Any thread may call any method: they hand commands to the timer thread, which is started by
/// the first [`Self::start`] and ends after [`Self::close`]. Resolution: 1 ms; never early.
///
/// The thread runs one future, at the root of its runtime, that takes in the commands itself. A caller's thread never
/// enters tokio: it rings a doorbell.
pub struct Timers {
    shared: Arc<Shared>,
    threads: Arc<EngineThreads>,
    thread_name: String,
    serving: Arc<AtomicBool>,
    starting: Mutex<()>,
}

struct Shared {
    inbox: Mutex<Inbox>,
    expiry: Arc<dyn Expiry>,
}

#[derive(Default)]
struct Inbox {
    commands: Vec<Command>,
    /// By how much the commands will change the number of entries.
    growth: isize,
    /// Entries in the wheel when the thread last looked.
    held: usize,
    attention: Attention,
    /// Of the thread that was started last, if any.
    bell: Option<Arc<Doorbell>>,
    closed: bool,
}

/// Whether and when the timer thread will look at its inbox by itself.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Attention {
    /// It is about to, or was woken.
    #[default]
    Awake,
    /// When the next entry is due.
    ParkedUntil(Instant),
    /// Not at all: it has no entries.
    Parked,
}

enum Command {
    Insert(CallId, Instant),
    Cancel(CallId),
}

impl Timers {
    /// No thread yet; `thread_name` is what it will be called.
    pub fn new(expiry: Arc<dyn Expiry>, threads: Arc<EngineThreads>, thread_name: String) -> Self {
        Self {
            shared: Arc::new(Shared::new(expiry)),
            threads,
            thread_name,
            serving: Arc::new(AtomicBool::new(false)),
            starting: Mutex::new(()),
        }
    }

    /// Makes sure that the timer thread serves; to be called before entries are inserted. Fails with
    /// [`ErrorKind::ThreadSpawn`] or [`ErrorKind::Closed`].
    pub fn start(&self) -> Result<(), Error> {
        if self.serving.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one_at_a_time = lock(&self.starting);
        if self.serving.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let spawned = self.spawn();
        if spawned.is_err() {
            self.serving.store(false, Ordering::Release);
        }
        spawned
    }

    fn spawn(&self) -> Result<(), Error> {
        let (bell, porter) = doorbell::install().map_err(no_thread)?;
        lock(&self.shared.inbox).bell = Some(Arc::new(bell));
        let shared = Arc::clone(&self.shared);
        let serving = Arc::clone(&self.serving);
        self.threads.spawn(self.thread_name.clone(), move |start| {
            if let Err(error) = start.and_then(|()| serve(&shared, porter)) {
                serving.store(false, Ordering::Release);
                tracing::warn!(%error, "timers are lost");
                shared.lose_all();
            }
        })
    }

    /// Makes an entry for `call`, which has none.
    pub fn insert(&self, call: CallId, due: Instant) {
        self.shared.insert(call, due);
    }

    /// Forgets the entry of `call`, if it has one. Does not wake the thread, except when many commands piled up.
    pub fn cancel(&self, call: CallId) {
        self.shared.cancel(call);
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        let inbox = lock(&self.shared.inbox);
        inbox.held.saturating_add_signed(inbox.growth)
    }

    /// Forgets all entries and tells the thread to end.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl Shared {
    fn new(expiry: Arc<dyn Expiry>) -> Self {
        Self {
            inbox: Mutex::default(),
            expiry,
        }
    }

    fn insert(&self, call: CallId, due: Instant) {
        self.send(Command::Insert(call, due), 1, |inbox| {
            match inbox.attention {
                Attention::Awake => false,
                Attention::Parked => true,
                Attention::ParkedUntil(next) => due < next,
            }
        });
    }

    fn cancel(&self, call: CallId) {
        self.send(Command::Cancel(call), -1, |_| false);
    }

    fn send(&self, command: Command, growth: isize, urgent: impl FnOnce(&Inbox) -> bool) {
        let bell = {
            let mut inbox = lock(&self.inbox);
            if inbox.closed {
                return;
            }
            inbox.commands.push(command);
            inbox.growth += growth;
            let wake = urgent(&inbox)
                || inbox.commands.len() >= BACKLOG && inbox.attention != Attention::Awake;
            if !wake {
                return;
            }
            inbox.attention = Attention::Awake;
            inbox.bell.clone()
        };
        ring(bell);
    }

    fn close(&self) {
        let before = {
            let mut inbox = lock(&self.inbox);
            let closed = Inbox {
                closed: true,
                ..Inbox::default()
            };
            std::mem::replace(&mut *inbox, closed)
        };
        ring(before.bell);
    }

    fn lose_all(&self) {
        let commands = {
            let mut inbox = lock(&self.inbox);
            inbox.growth = 0;
            inbox.held = 0;
            std::mem::take(&mut inbox.commands)
        };
        for command in commands {
            if let Command::Insert(call, _) = command {
                self.expiry.lost(call);
            }
        }
    }
}

fn ring(bell: Option<Arc<Doorbell>>) {
    if let Some(bell) = bell {
        bell.ring();
    }
}

/// The life of the timer thread.
fn serve(shared: &Arc<Shared>, porter: Porter) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_thread)?;
    runtime.block_on(async {
        let porter = porter.listen().map_err(no_thread)?;
        let mut wheel = Wheel::new(Arc::clone(shared), porter);
        poll_fn(|context| wheel.poll(context)).await;
        Ok(())
    })
}

fn no_thread(cause: io::Error) -> Error {
    Error::new(
        ErrorKind::ThreadSpawn,
        format!(
            "the timer thread cannot serve: {cause}; raise the limit of open files (ulimit -n)"
        ),
    )
}

/// The entries, on the timer thread.
struct Wheel {
    shared: Arc<Shared>,
    porter: Listening,
    delays: DelayQueue<CallId>,
    entries: HashMap<CallId, Entry>,
    batch: Vec<Command>,
}

struct Entry {
    key: Key,
    due: Instant,
}

impl Wheel {
    /// To be called within a tokio runtime with a timer.
    fn new(shared: Arc<Shared>, porter: Listening) -> Self {
        Self {
            shared,
            porter,
            delays: DelayQueue::new(),
            entries: HashMap::new(),
            batch: Vec::new(),
        }
    }

    /// Ready once the timers are closed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Before the inbox is looked at: what comes in later rings again.
        self.porter.rearm(context);
        loop {
            if self.take_in().is_ready() {
                return Poll::Ready(());
            }
            self.fire(context);
            if self.park() {
                return Poll::Pending;
            }
        }
    }

    /// Carries out the commands; ready if closed.
    fn take_in(&mut self) -> Poll<()> {
        {
            let mut inbox = lock(&self.shared.inbox);
            if inbox.closed {
                return Poll::Ready(());
            }
            std::mem::swap(&mut inbox.commands, &mut self.batch);
            inbox.held = inbox.held.saturating_add_signed(inbox.growth);
            inbox.growth = 0;
            inbox.attention = Attention::Awake;
        }
        let mut batch = std::mem::take(&mut self.batch);
        for command in batch.drain(..) {
            match command {
                Command::Insert(call, due) => self.insert(call, due),
                Command::Cancel(call) => {
                    if let Some(entry) = self.entries.remove(&call) {
                        self.delays.remove(&entry.key);
                    }
                }
            }
        }
        self.batch = batch;
        Poll::Pending
    }

    fn insert(&mut self, call: CallId, due: Instant) {
        let patience = due.saturating_duration_since(now());
        let key = self.delays.insert(call, patience.min(HORIZON));
        self.entries.insert(call, Entry { key, due });
    }

    fn fire(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(expired)) = self.delays.poll_expired(context) {
            let call = expired.into_inner();
            let Some(entry) = self.entries.remove(&call) else {
                continue;
            };
            if entry.due > now() {
                self.insert(call, entry.due);
            } else {
                self.shared.expiry.due(call);
            }
        }
    }

    /// Declares that the thread is about to park; false if commands have come in.
    fn park(&mut self) -> bool {
        if self.entries.is_empty() {
            self.release_peak();
        }
        let next = self
            .delays
            .peek()
            .map(|key| self.delays.deadline(&key).into_std());
        let mut inbox = lock(&self.shared.inbox);
        if inbox.closed || !inbox.commands.is_empty() {
            return false;
        }
        inbox.held = self.entries.len();
        inbox.attention = next.map_or(Attention::Parked, Attention::ParkedUntil);
        true
    }

    /// Gives back the memory of a past burst.
    fn release_peak(&mut self) {
        if self.delays.capacity() > BACKLOG {
            self.delays = DelayQueue::new();
            self.entries = HashMap::new();
            self.batch = Vec::new();
        }
    }
}

/// The clock of tokio, which tests can stop; callers pass instants of the same clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// No code here panics while it holds a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Sends what is due, and when.
    struct Report(Mutex<Sender<(CallId, Instant)>>);

    impl Expiry for Report {
        fn due(&self, call: CallId) {
            // A test that ended hears no more.
            let _ = lock(&self.0).send((call, now()));
        }

        fn lost(&self, call: CallId) {
            unreachable!("{call} is lost without a thread");
        }
    }

    fn call(index: u64) -> CallId {
        CallId::from_u64(1 << 32 | index)
    }

    /// Timers served by a task of the test's runtime, whose clock stands still while there is something to do, and jumps
    /// to the next entry when there is not.
    fn timers() -> (
        Arc<Shared>,
        Receiver<(CallId, Instant)>,
        tokio::task::JoinHandle<()>,
    ) {
        let (sender, receiver) = channel();
        let shared = Arc::new(Shared::new(Arc::new(Report(Mutex::new(sender)))));
        let mut wheel = Wheel::new(Arc::clone(&shared));
        let served = tokio::spawn(poll_fn(move |context| wheel.poll(context)));
        (shared, receiver, served)
    }

    fn held(shared: &Shared) -> usize {
        let inbox = lock(&shared.inbox);
        inbox.held.saturating_add_signed(inbox.growth)
    }

    #[tokio::test(start_paused = true)]
    async fn entries_come_due_in_order_never_early_and_once() {
        let (shared, due, _served) = timers();
        let start = now();
        for (index, delay) in [(0, 30), (1, 10), (2, 20), (3, 0)] {
            shared.insert(call(index), start + Duration::from_millis(delay));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let fired: Vec<_> = due.try_iter().collect();
        let order: Vec<_> = fired.iter().map(|(call, _)| call.index()).collect();
        assert_eq!(order, [3, 1, 2, 0]);
        for (call, at) in fired {
            let delay = Duration::from_millis([30, 10, 20, 0][call.index() as usize]);
            let late = at.duration_since(start).checked_sub(delay);
            assert!(late.is_some_and(|late| late <= Duration::from_millis(2)));
        }
        assert_eq!(held(&shared), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_entry_is_not_held_up_by_a_later_one() {
        let (shared, due, _served) = timers();
        let start = now();
        shared.insert(call(0), start + Duration::from_secs(3600));
        tokio::task::yield_now().await;
        assert!(
            lock(&shared.inbox).attention
                == Attention::ParkedUntil(start + Duration::from_secs(3600))
        );
        shared.insert(call(1), start + Duration::from_secs(1));
        assert!(lock(&shared.inbox).attention == Attention::Awake);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(
            due.try_iter()
                .map(|(call, _)| call.index())
                .collect::<Vec<_>>(),
            [1]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_entry_or_a_cancellation_does_not_wake_the_thread() {
        let (shared, due, _served) = timers();
        let start = now();
        shared.insert(call(0), start + Duration::from_secs(1));
        tokio::task::yield_now().await;
        shared.insert(call(1), start + Duration::from_secs(2));
        shared.cancel(call(1));
        shared.cancel(call(0));
        assert!(lock(&shared.inbox).attention != Attention::Awake);
        assert_eq!(held(&shared), 0);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(due.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_beyond_the_wheel_goes_round_again() {
        let (shared, due, _served) = timers();
        let start = now();
        let years = |years| HORIZON * years;
        shared.insert(call(0), start + years(3));
        tokio::time::sleep(years(2) + years(1) / 2).await;
        assert!(due.try_recv().is_err());
        assert_eq!(held(&shared), 1);
        tokio::time::sleep(years(1)).await;
        let (_, at) = due.try_recv().expect("due by now");
        assert!(at >= start + years(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_cancelled_entries_leave_no_memory_behind() {
        let (shared, due, _served) = timers();
        let start = now();
        let last = start + Duration::from_secs(60);
        for index in 0..1_000_000 {
            shared.insert(call(index), last);
            if index % 1000 == 999 {
                tokio::task::yield_now().await;
                assert!(lock(&shared.inbox).commands.capacity() <= 2 * BACKLOG);
            }
        }
        assert_eq!(held(&shared), 1_000_000);
        for index in 0..1_000_000 {
            shared.cancel(call(index));
            if index % 1000 == 999 {
                tokio::task::yield_now().await;
                assert!(lock(&shared.inbox).commands.capacity() <= 2 * BACKLOG);
            }
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert!(due.try_recv().is_err());
        assert_eq!(held(&shared), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn close_forgets_everything_and_ends_the_service() {
        let (shared, due, served) = timers();
        shared.insert(call(0), now() + Duration::from_secs(1));
        tokio::task::yield_now().await;
        shared.close();
        served.await.expect("no panic");
        shared.insert(call(1), now());
        assert_eq!(held(&shared), 0);
        assert!(due.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wheel_that_becomes_empty_gives_its_memory_back() {
        let (sender, _due) = channel();
        let shared = Arc::new(Shared::new(Arc::new(Report(Mutex::new(sender)))));
        let mut wheel = Wheel::new(Arc::clone(&shared));
        let last = now() + Duration::from_secs(60);
        for index in 0..100_000 {
            shared.insert(call(index), last);
        }
        let step = |wheel: &mut Wheel| {
            let mut context = Context::from_waker(std::task::Waker::noop());
            assert!(wheel.poll(&mut context).is_pending());
        };
        step(&mut wheel);
        assert_eq!(wheel.entries.len(), 100_000);
        for index in 0..100_000 {
            shared.cancel(call(index));
        }
        step(&mut wheel);
        assert!(wheel.delays.capacity() <= BACKLOG && wheel.entries.capacity() <= BACKLOG);
    }
}
