// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Deadlines and sleeps: one thread, tokio's timer wheel.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use fermata_core::error::{Error, ErrorKind};
use fermata_core::ids::CallId;
use fermata_core::threads::EngineThreads;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use crate::doorbell::{self, Doorbell, Listening, Porter};
use crate::{lock, run_root};

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
    starting: Mutex<()>,
}

struct Shared {
    /// A thread takes in what is sent, or is about to.
    serving: AtomicBool,
    inbox: Mutex<Inbox>,
    expiry: Arc<dyn Expiry>,
}

#[derive(Default)]
struct Inbox {
    commands: VecDeque<Command>,
    /// By how much the commands will change the number of entries.
    growth: isize,
    /// Entries in the wheel when the thread last looked.
    held: usize,
    attention: Attention,
    /// Of the thread that was started last, if any.
    bell: Option<Arc<Doorbell>>,
    /// That thread could not start or not serve: nobody will look at the commands.
    orphaned: bool,
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
            starting: Mutex::new(()),
        }
    }

    /// Makes sure that the timer thread serves; to be called before entries are inserted. Fails with
    /// [`ErrorKind::ThreadSpawn`] or [`ErrorKind::Closed`].
    pub fn start(&self) -> Result<(), Error> {
        if self.shared.serving.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one_at_a_time = lock(&self.starting);
        if self.shared.serving.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.spawn().inspect_err(|_| self.shared.orphan())
    }

    fn spawn(&self) -> Result<(), Error> {
        let (bell, porter) = doorbell::install().map_err(no_thread)?;
        {
            let mut inbox = lock(&self.shared.inbox);
            inbox.bell = Some(Arc::new(bell));
            inbox.orphaned = false;
        }
        let shared = Arc::clone(&self.shared);
        self.threads.spawn(self.thread_name.clone(), move |start| {
            if let Err(error) = start.and_then(|()| serve(&shared, porter)) {
                tracing::warn!(%error, "timers are lost");
                shared.orphan();
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
            serving: AtomicBool::new(false),
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
        let (bell, orphans) = {
            let mut inbox = lock(&self.inbox);
            if inbox.closed {
                return;
            }
            inbox.commands.push_back(command);
            inbox.growth += growth;
            let wake = urgent(&inbox)
                || inbox.commands.len() >= BACKLOG && inbox.attention != Attention::Awake;
            if inbox.orphaned {
                (None, inbox.surrender())
            } else if wake {
                inbox.attention = Attention::Awake;
                (inbox.bell.clone(), VecDeque::new())
            } else {
                return;
            }
        };
        doorbell::ring(bell);
        self.lose(orphans);
    }

    /// An entry is gone, before anybody hears of it.
    fn forget_one(&self) {
        let mut inbox = lock(&self.inbox);
        inbox.held = inbox.held.saturating_sub(1);
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
        doorbell::ring(before.bell);
    }

    /// The thread that was to be started, or was started last, cannot serve.
    fn orphan(&self) {
        let orphans = {
            let mut inbox = lock(&self.inbox);
            inbox.orphaned = true;
            inbox.surrender()
        };
        // Before anybody hears of a loss: who tries again at once must get a new thread.
        self.serving.store(false, Ordering::Release);
        self.lose(orphans);
    }

    fn lose(&self, orphans: VecDeque<Command>) {
        for command in orphans {
            if let Command::Insert(call, _) = command {
                self.expiry.lost(call);
            }
        }
    }
}

impl Inbox {
    /// Gives up what no thread will take in.
    fn surrender(&mut self) -> VecDeque<Command> {
        self.growth = 0;
        self.held = 0;
        std::mem::take(&mut self.commands)
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
        if let Err(error) = run_root("timer", |context| wheel.poll(context)).await {
            tracing::error!(%error, "timers are lost");
            shared.orphan();
            wheel.lose();
        }
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
    batch: VecDeque<Command>,
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
            batch: VecDeque::new(),
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
        while let Some(command) = self.batch.pop_front() {
            match command {
                Command::Insert(call, due) => self.insert(call, due),
                Command::Cancel(call) => {
                    if let Some(entry) = self.entries.remove(&call) {
                        self.delays.remove(&entry.key);
                    }
                }
            }
        }
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
            let Some(due) = self.entries.get(&call).map(|entry| entry.due) else {
                continue;
            };
            if due > now() {
                self.insert(call, due);
            } else {
                self.shared.forget_one();
                self.shared.expiry.due(call);
                self.entries.remove(&call);
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

    /// Nobody will look at the entries any more.
    fn lose(&mut self) {
        self.shared.lose(std::mem::take(&mut self.batch));
        for (call, _) in self.entries.drain() {
            self.shared.expiry.lost(call);
        }
    }

    /// Gives back the memory of a past burst.
    fn release_peak(&mut self) {
        if self.delays.capacity() > BACKLOG {
            self.delays = DelayQueue::new();
            self.entries = HashMap::new();
            self.batch = VecDeque::new();
        }
    }
}

/// The clock of tokio, which tests can stop; callers pass instants of the same clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
