// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Timers under a stopped clock.

use std::future::poll_fn;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};

use fermata_core::threads::{Spawn, ThreadBody, ThreadObserver};

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

fn wheel(sender: Sender<(CallId, Instant)>) -> (Arc<Shared>, Wheel) {
    let shared = Arc::new(Shared::new(Arc::new(Report(Mutex::new(sender)))));
    let (bell, porter) = doorbell::install().expect("a bell");
    lock(&shared.inbox).bell = Some(Arc::new(bell));
    let porter = porter.listen().expect("within a runtime");
    (Arc::clone(&shared), Wheel::new(shared, porter))
}

/// Lets the service answer the bell before the clock goes on.
async fn answered(shared: &Shared) {
    while lock(&shared.inbox).attention == Attention::Awake {
        tokio::task::yield_now().await;
    }
}

/// Timers served by a task of the test's runtime, whose clock stands still while there is something to do, and jumps
/// to the next entry when there is not.
fn timers() -> (
    Arc<Shared>,
    Receiver<(CallId, Instant)>,
    tokio::task::JoinHandle<()>,
) {
    let (sender, receiver) = channel();
    let (shared, mut wheel) = wheel(sender);
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
    answered(&shared).await;
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
    answered(&shared).await;
    assert!(
        lock(&shared.inbox).attention == Attention::ParkedUntil(start + Duration::from_secs(3600))
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
    answered(&shared).await;
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
    answered(&shared).await;
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
            answered(&shared).await;
            assert!(lock(&shared.inbox).commands.capacity() <= 2 * BACKLOG);
        }
    }
    assert_eq!(held(&shared), 1_000_000);
    for index in 0..1_000_000 {
        shared.cancel(call(index));
        if index % 1000 == 999 {
            answered(&shared).await;
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
    answered(&shared).await;
    shared.close();
    served.await.expect("no panic");
    shared.insert(call(1), now());
    assert_eq!(held(&shared), 0);
    assert!(due.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_wheel_that_becomes_empty_gives_its_memory_back() {
    let (sender, _due) = channel();
    let (shared, mut wheel) = wheel(sender);
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

/// Refuses the first thread.
#[derive(Default)]
struct OneRefusal(AtomicBool);

impl ThreadObserver for OneRefusal {
    fn started(&self, _name: &str) -> Result<(), Error> {
        if self.0.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ThreadSpawn, "refused by the test"))
    }

    fn ended(&self, _last: bool) {}
}

struct StdThreads;

impl Spawn for StdThreads {
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
        let builder = std::thread::Builder::new().name(name.to_owned());
        builder.spawn(body).map(drop)
    }
}

/// Tries again what is lost, within the very call that tells of it.
struct Retry {
    timers: OnceLock<Timers>,
    due: Mutex<Sender<CallId>>,
    panics: AtomicBool,
}

impl Expiry for Retry {
    fn due(&self, call: CallId) {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "as was asked");
        lock(&self.due).send(call).expect("the test listens");
    }

    fn lost(&self, call: CallId) {
        let timers = self.timers.get().expect("set before the first entry");
        timers.start().expect("another thread is let in");
        timers.insert(call, Instant::now());
    }
}

/// What came due, in any order, of two entries; the second is due in a year.
fn due_of_two(observer: OneRefusal, panics: bool) -> Vec<u32> {
    let (sender, due) = channel();
    let retry = Arc::new(Retry {
        timers: OnceLock::new(),
        due: Mutex::new(sender),
        panics: AtomicBool::new(panics),
    });
    let threads = EngineThreads::new(Box::new(StdThreads), Arc::new(observer));
    let timers = retry.timers.get_or_init(|| {
        let expiry = Arc::clone(&retry) as Arc<dyn Expiry>;
        Timers::new(expiry, threads, "timer".to_owned())
    });
    timers.start().expect("spawned");
    timers.insert(call(1), Instant::now() + HORIZON);
    timers.insert(call(0), Instant::now());
    let patience = Duration::from_secs(40);
    let mut fired: Vec<_> = (0..2)
        .filter_map(|_| due.recv_timeout(patience).ok())
        .map(CallId::index)
        .collect();
    fired.sort_unstable();
    timers.close();
    fired
}

#[test]
fn who_hears_of_a_loss_can_try_again_at_once() {
    assert_eq!(due_of_two(OneRefusal::default(), false), [0, 1]);
}

#[test]
fn a_panic_of_the_thread_loses_its_entries_and_the_next_get_another_thread() {
    let lets_in_all = OneRefusal(AtomicBool::new(true));
    assert_eq!(due_of_two(lets_in_all, true), [0, 1]);
}
