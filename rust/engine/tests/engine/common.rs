// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A host whose suppliers are closures, and that reports every upcall to the test.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fermata_engine::{
    BeginVerdict, CallId, ContextId, EndVerdict, Engine, EngineConfig, Error, ErrorKind, Host,
    Outcome, Resumption, SliceEnd, Spawn, ThreadBody, WaitStatus,
};

/// Longer than anything takes that happens at all: reaching it fails the test.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub type Supplier = Box<dyn FnOnce() -> Outcome + Send>;

#[derive(Debug, PartialEq, Eq)]
pub enum Upcall {
    Started(String),
    Ended { last: bool },
    Wake,
    Space,
    Expired(CallId),
    Notify(ContextId),
}

pub struct TestHost {
    suppliers: Mutex<HashMap<CallId, Supplier>>,
    upcalls: Mutex<Sender<Upcall>>,
    /// How many more threads may start.
    admissions: AtomicUsize,
}

impl TestHost {
    pub fn new() -> (Arc<Self>, Upcalls) {
        let (upcalls, receiver) = channel();
        let host = Arc::new(Self {
            suppliers: Mutex::default(),
            upcalls: Mutex::new(upcalls),
            admissions: AtomicUsize::new(usize::MAX),
        });
        (host, Upcalls(receiver))
    }

    pub fn admit(&self, threads: usize) {
        self.admissions.store(threads, Ordering::SeqCst);
    }

    fn report(&self, upcall: Upcall) {
        // A test that ended hears no more.
        let _ = self
            .upcalls
            .lock()
            .expect("no panic under this lock")
            .send(upcall);
    }
}

impl Host for TestHost {
    fn thread_started(&self, name: &str) -> Result<(), Error> {
        let admitted = self
            .admissions
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if admitted.is_err() {
            return Err(Error::new(ErrorKind::Boundary, "refused by the test"));
        }
        self.report(Upcall::Started(name.to_owned()));
        Ok(())
    }

    fn thread_ended(&self, last: bool) {
        self.report(Upcall::Ended { last });
    }

    fn run(&self, call: CallId) -> Outcome {
        let supplier = self
            .suppliers
            .lock()
            .expect("no panic under this lock")
            .remove(&call)
            .expect("a supplier runs once");
        supplier()
    }

    fn wake(&self) {
        self.report(Upcall::Wake);
    }

    fn space(&self) {
        self.report(Upcall::Space);
    }

    fn expired(&self, call: CallId) {
        self.report(Upcall::Expired(call));
    }

    fn notify(&self, context: ContextId) {
        self.report(Upcall::Notify(context));
    }
}

/// What the host was told, in order.
pub struct Upcalls(Receiver<Upcall>);

impl Upcalls {
    /// The next upcall that `wanted` approves; drops those before it.
    pub fn wait_for(&self, wanted: impl Fn(&Upcall) -> bool) -> Upcall {
        loop {
            let upcall = self.0.recv_timeout(PATIENCE).expect("the upcall comes");
            if wanted(&upcall) {
                return upcall;
            }
        }
    }

    pub fn ended(&self) -> bool {
        let end = self.wait_for(|upcall| matches!(upcall, Upcall::Ended { .. }));
        end == Upcall::Ended { last: true }
    }

    /// Everything said so far and not yet asked for.
    pub fn so_far(&self) -> Vec<Upcall> {
        self.0.try_iter().collect()
    }
}

/// Refuses to start threads as long as it is told to.
pub struct Refusing(pub Arc<AtomicUsize>);

impl Spawn for Refusing {
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
        let refused = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if refused.is_ok() {
            return Err(io::Error::from(io::ErrorKind::WouldBlock));
        }
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map(drop)
    }
}

pub fn config(max_workers: usize, queue_capacity: usize) -> EngineConfig {
    EngineConfig {
        max_workers,
        queue_capacity,
        max_calls: 100_000,
        keep_alive: PATIENCE,
        thread_name: "test".into(),
    }
}

/// Reserves a call and gives it its supplier; it is still to be submitted.
pub fn call(
    engine: &Engine,
    host: &TestHost,
    context: ContextId,
    supplier: impl FnOnce() -> Outcome + Send + 'static,
) -> CallId {
    let call = engine.reserve(context).expect("a slot");
    host.suppliers
        .lock()
        .expect("no panic under this lock")
        .insert(call, Box::new(supplier));
    call
}

/// A supplier that says when it runs, and runs until it is told the outcome (or the test is over).
pub fn gate() -> (
    Receiver<()>,
    Sender<Outcome>,
    impl FnOnce() -> Outcome + Send + 'static,
) {
    let (running, begun) = channel();
    let (release, released) = channel();
    let supplier = move || {
        let _ = running.send(());
        released.recv().unwrap_or(Outcome::Error)
    };
    (begun, release, supplier)
}

pub fn open(config: EngineConfig) -> (Arc<Engine>, Arc<TestHost>, Upcalls, ContextId) {
    let (host, upcalls) = TestHost::new();
    let engine = Engine::new(config, Arc::clone(&host) as _).expect("a sound configuration");
    let context = engine.create_context(Resumption::Owner).expect("open");
    engine.observe();
    engine.begin_slice(context).expect("new");
    (engine, host, upcalls, context)
}

/// Suspends the running slice of `context` until its wait is over; the next slice runs then.
pub fn suspend(engine: &Engine, upcalls: &Upcalls, context: ContextId) -> WaitStatus {
    if engine
        .end_slice(context, SliceEnd::Parked)
        .expect("running")
        == EndVerdict::Suspended
    {
        let mut ready = [0; 4];
        while engine.drain_ready(&mut ready) == 0 {
            upcalls.wait_for(|upcall| *upcall == Upcall::Wake);
        }
        assert_eq!(ready[0], context.as_u64());
    }
    assert_eq!(
        engine.begin_slice(context).expect("ready"),
        BeginVerdict::Resume
    );
    engine.wait_status(context)
}

/// Submits `supplier` and waits for its outcome.
pub fn run(
    engine: &Engine,
    host: &TestHost,
    upcalls: &Upcalls,
    context: ContextId,
    supplier: impl FnOnce() -> Outcome + Send + 'static,
) -> Outcome {
    engine.arm_wait(context, 1).expect("running");
    let call = call(engine, host, context, supplier);
    engine.submit(call, None).expect("a place");
    suspend(engine, upcalls, context);
    engine.take(call).expect("done")
}

pub fn close(engine: &Engine, upcalls: &Upcalls) {
    engine.begin_close();
    while engine.threads_alive() > 0 && !upcalls.ended() {}
    assert_eq!(engine.threads_alive(), 0);
}
