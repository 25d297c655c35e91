// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The engine through its facade, with real threads and a host of the test's making.
#![allow(missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use common::{PATIENCE, Refusing, TestHost, Upcall, Upcalls, call, config, gate};
use fermata_engine::{
    BeginVerdict, CallId, CancelVerdict, ContextId, EndVerdict, Engine, EngineConfig, ErrorKind,
    Gauges, Outcome, Resumption, SliceEnd, WaitStatus,
};

fn open(config: EngineConfig) -> (Arc<Engine>, Arc<TestHost>, Upcalls, ContextId) {
    let (host, upcalls) = TestHost::new();
    let engine = Engine::new(config, Arc::clone(&host) as _).expect("a sound configuration");
    let context = engine.create_context(Resumption::Owner).expect("open");
    engine.observe();
    engine.begin_slice(context).expect("new");
    (engine, host, upcalls, context)
}

/// Suspends the running slice of `context` until its wait is over; the next slice runs then.
fn suspend(engine: &Engine, upcalls: &Upcalls, context: ContextId) -> WaitStatus {
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
fn run(
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

fn close(engine: &Engine, upcalls: &Upcalls) {
    engine.begin_close();
    while engine.threads_alive() > 0 && !upcalls.ended() {}
    assert_eq!(engine.threads_alive(), 0);
}

#[test]
fn calls_end_as_their_suppliers_do() {
    let (engine, host, upcalls, context) = open(config(2, 8));
    for outcome in [Outcome::Value, Outcome::Error, Outcome::Fault] {
        assert_eq!(
            run(&engine, &host, &upcalls, context, move || outcome),
            outcome
        );
    }
    close(&engine, &upcalls);
    assert_eq!(engine.gauges().in_flight, 0);
}

#[test]
fn a_panic_in_the_host_is_a_fault_and_costs_no_worker() {
    let (engine, host, upcalls, context) = open(config(1, 8));
    assert_eq!(
        run(&engine, &host, &upcalls, context, || panic!("by the test")),
        Outcome::Fault
    );
    assert_eq!(
        run(&engine, &host, &upcalls, context, || Outcome::Value),
        Outcome::Value
    );
    assert_eq!(engine.gauges().workers, 1);
    close(&engine, &upcalls);
}

#[test]
fn a_gather_suspends_once_and_fails_fast() {
    let (engine, host, upcalls, context) = open(config(4, 8));
    engine.arm_wait(context, 3).expect("running");
    let (begun, release, slow) = gate();
    let slow = call(&engine, &host, context, slow);
    let quick = call(&engine, &host, context, || Outcome::Value);
    let failing = call(&engine, &host, context, || Outcome::Error);
    for call in [slow, quick] {
        engine.submit(call, None).expect("a place");
    }
    begun.recv_timeout(PATIENCE).expect("runs");
    engine.submit(failing, None).expect("a place");
    assert_eq!(suspend(&engine, &upcalls, context), WaitStatus::Satisfied);
    assert_eq!(engine.take(failing), Some(Outcome::Error));
    assert_eq!(engine.discard(slow), CancelVerdict::Running);
    engine.discard(quick);
    assert_eq!(
        engine.gauges().in_flight,
        0,
        "a discarded call holds no slot while it still runs"
    );
    release.send(Outcome::Value).expect("still runs");
    close(&engine, &upcalls);
}

#[test]
fn workers_are_hired_only_when_none_is_idle() {
    let (engine, host, upcalls, context) = open(config(3, 8));
    for _ in 0..5 {
        run(&engine, &host, &upcalls, context, || Outcome::Value);
        // The worker counts as busy until it has come back for more.
        while engine.gauges().running > 0 {
            std::thread::yield_now();
        }
    }
    assert_eq!(engine.gauges().workers, 1);
    let gates: Vec<_> = (0..4)
        .map(|_| {
            let (begun, release, supplier) = gate();
            let call = call(&engine, &host, context, supplier);
            engine.submit(call, None).expect("a place");
            (begun, release)
        })
        .collect();
    for (begun, _) in &gates[..3] {
        begun.recv_timeout(PATIENCE).expect("runs");
    }
    let gauges = engine.gauges();
    assert_eq!((gauges.workers, gauges.running, gauges.queued), (3, 3, 1));
    drop(gates);
    close(&engine, &upcalls);
}

#[test]
fn idle_workers_end_after_the_keep_alive_and_come_back_on_demand() {
    let (engine, host, upcalls, context) = open(EngineConfig {
        keep_alive: Duration::ZERO,
        ..config(1, 8)
    });
    for n in 1..=2 {
        engine.arm_wait(context, 1).expect("running");
        let call = call(&engine, &host, context, || Outcome::Value);
        engine.submit(call, None).expect("a place");
        let started = upcalls.wait_for(|upcall| matches!(upcall, Upcall::Started(_)));
        assert_eq!(started, Upcall::Started(format!("test-{n}")));
        assert!(!upcalls.ended(), "the engine is open");
        assert_eq!(engine.take(call), Some(Outcome::Value));
        assert_eq!((engine.gauges().workers, engine.threads_alive()), (0, 0));
    }
    close(&engine, &upcalls);
}

#[test]
fn a_full_queue_refuses_and_announces_space_once() {
    let (engine, host, upcalls, context) = open(config(1, 1));
    let (begun, release, supplier) = gate();
    let running = call(&engine, &host, context, supplier);
    engine.submit(running, None).expect("a worker");
    begun.recv_timeout(PATIENCE).expect("runs");
    let queued = call(&engine, &host, context, || Outcome::Value);
    engine.submit(queued, None).expect("a place");
    engine.arm_wait(context, 1).expect("running");
    let refused = call(&engine, &host, context, || Outcome::Value);
    for _ in 0..3 {
        let error = engine.submit(refused, None).expect_err("no place");
        assert_eq!(error.kind(), ErrorKind::QueueFull);
    }
    release.send(Outcome::Value).expect("runs");
    upcalls.wait_for(|upcall| *upcall == Upcall::Space);
    engine
        .submit(refused, None)
        .expect("it is still reserved, and there is a place");
    suspend(&engine, &upcalls, context);
    assert_eq!(engine.take(refused), Some(Outcome::Value));
    assert!(!upcalls.so_far().contains(&Upcall::Space));
    close(&engine, &upcalls);
}

#[test]
fn a_cancelled_call_frees_its_place_in_the_queue_and_never_runs() {
    let (engine, host, upcalls, context) = open(config(1, 1));
    let (begun, release, supplier) = gate();
    let running = call(&engine, &host, context, supplier);
    engine.submit(running, None).expect("a worker");
    begun.recv_timeout(PATIENCE).expect("runs");
    for _ in 0..100 {
        let queued = call(&engine, &host, context, || unreachable!("it was cancelled"));
        engine.submit(queued, None).expect("a place");
        let late = call(&engine, &host, context, || unreachable!("it was refused"));
        engine.submit(late, None).expect_err("no place");
        assert_eq!(engine.cancel_call(queued), CancelVerdict::Dequeued);
        upcalls.wait_for(|upcall| *upcall == Upcall::Space);
        assert_eq!(engine.cancel_call(queued), CancelVerdict::Ignored);
        assert_eq!(engine.take(queued), Some(Outcome::Cancelled));
        assert_eq!(engine.discard(late), CancelVerdict::Dequeued);
    }
    assert_eq!(engine.cancel_call(running), CancelVerdict::Running);
    release.send(Outcome::Value).expect("runs");
    assert_eq!(
        run(&engine, &host, &upcalls, context, || Outcome::Value),
        Outcome::Value
    );
    assert_eq!(
        engine.take(running),
        Some(Outcome::Cancelled),
        "the late value is ignored"
    );
    assert_eq!((engine.gauges().in_flight, engine.gauges().queued), (0, 0));
    close(&engine, &upcalls);
}

#[test]
fn deadlines_cover_queue_and_run() {
    let (engine, host, upcalls, context) = open(config(1, 8));
    let (begun, release, supplier) = gate();
    let running = call(&engine, &host, context, supplier);
    engine.submit(running, None).expect("a worker");
    begun.recv_timeout(PATIENCE).expect("runs");
    engine.arm_wait(context, 1).expect("running");
    let queued = call(&engine, &host, context, || {
        unreachable!("it timed out in the queue")
    });
    engine
        .submit(queued, Some(Duration::from_millis(1)))
        .expect("a place");
    assert_eq!(suspend(&engine, &upcalls, context), WaitStatus::Satisfied);
    assert_eq!(engine.take(queued), Some(Outcome::TimedOut));
    release.send(Outcome::Value).expect("runs");

    // A deadline long enough for the supplier to have begun.
    let mut deadline = Duration::from_millis(5);
    loop {
        engine.arm_wait(context, 1).expect("running");
        let (begun, release, supplier) = gate();
        let running = call(&engine, &host, context, supplier);
        engine.submit(running, Some(deadline)).expect("a place");
        suspend(&engine, &upcalls, context);
        assert_eq!(engine.take(running), Some(Outcome::TimedOut));
        if begun.try_recv().is_ok() {
            upcalls.wait_for(|upcall| *upcall == Upcall::Expired(running));
            release.send(Outcome::Value).expect("still runs");
            break;
        }
        deadline *= 2;
    }
    engine.discard(running);
    close(&engine, &upcalls);
    let gauges = engine.gauges();
    assert_eq!(
        (gauges.in_flight, gauges.queued, gauges.timer_entries),
        (0, 0, 0)
    );
}

#[test]
fn sleeps_end_with_a_value_and_need_no_worker() {
    let (engine, _host, upcalls, context) = open(config(1, 8));
    engine.arm_wait(context, 2).expect("running");
    let short: Vec<_> = (0..2)
        .map(|_| engine.reserve(context).expect("a slot"))
        .collect();
    for &call in &short {
        engine.sleep(call, Duration::from_millis(2)).expect("open");
    }
    assert_eq!(suspend(&engine, &upcalls, context), WaitStatus::Satisfied);
    for call in short {
        assert_eq!(engine.take(call), Some(Outcome::Value));
    }
    let endless = engine.reserve(context).expect("a slot");
    engine.sleep(endless, Duration::MAX).expect("open");
    assert_eq!(
        (engine.gauges().sleeping, engine.gauges().timer_entries),
        (1, 1)
    );
    assert_eq!(engine.discard(endless), CancelVerdict::Dequeued);
    let gauges = engine.gauges();
    assert_eq!(
        (gauges.sleeping, gauges.timer_entries, gauges.workers),
        (0, 0, 0)
    );
    close(&engine, &upcalls);
}

#[test]
fn without_a_worker_a_refused_thread_is_an_error_and_the_call_can_be_tried_again() {
    let (host, upcalls) = TestHost::new();
    let refusals = Arc::new(AtomicUsize::new(2));
    let engine = Engine::with_spawner(
        config(2, 8),
        Arc::clone(&host) as _,
        Box::new(Refusing(refusals)),
    )
    .expect("a sound configuration");
    let context = engine.create_context(Resumption::Owner).expect("open");
    engine.begin_slice(context).expect("new");
    engine.arm_wait(context, 1).expect("running");
    let call = call(&engine, &host, context, || Outcome::Value);
    let error = engine.submit(call, None).expect_err("no thread");
    assert_eq!(error.kind(), ErrorKind::ThreadSpawn);
    let error = engine
        .submit(call, Some(PATIENCE))
        .expect_err("no timer thread");
    assert_eq!(error.kind(), ErrorKind::ThreadSpawn);
    assert_eq!((engine.gauges().queued, engine.threads_alive()), (0, 0));
    engine.submit(call, None).expect("a thread");
    suspend(&engine, &upcalls, context);
    assert_eq!(engine.take(call), Some(Outcome::Value));
    close(&engine, &upcalls);
}

#[test]
fn with_a_worker_a_refused_thread_is_tolerated() {
    let (host, upcalls) = TestHost::new();
    let refusals = Arc::new(AtomicUsize::new(0));
    let spawner = Box::new(Refusing(Arc::clone(&refusals)));
    let engine = Engine::with_spawner(config(2, 8), Arc::clone(&host) as _, spawner)
        .expect("a sound configuration");
    let context = engine.create_context(Resumption::Owner).expect("open");
    engine.begin_slice(context).expect("new");
    let (begun, release, supplier) = gate();
    let first = call(&engine, &host, context, supplier);
    engine.submit(first, None).expect("a worker");
    begun.recv_timeout(PATIENCE).expect("runs");
    refusals.store(1, std::sync::atomic::Ordering::SeqCst);
    engine.arm_wait(context, 1).expect("running");
    let second = call(&engine, &host, context, || Outcome::Value);
    engine
        .submit(second, None)
        .expect("it waits for the first worker");
    release.send(Outcome::Value).expect("runs");
    suspend(&engine, &upcalls, context);
    assert_eq!(engine.take(second), Some(Outcome::Value));
    close(&engine, &upcalls);
}

#[test]
fn calls_whose_only_worker_is_refused_by_the_host_end_as_faults() {
    let (engine, host, upcalls, context) = open(config(1, 8));
    host.admit(0);
    engine.arm_wait(context, 1).expect("running");
    let queued = call(&engine, &host, context, || {
        unreachable!("no thread may run it")
    });
    engine.submit(queued, None).expect("a thread was started");
    suspend(&engine, &upcalls, context);
    assert_eq!(engine.take(queued), Some(Outcome::Fault));
    engine.arm_wait(context, 1).expect("running");
    let sleep = engine.reserve(context).expect("a slot");
    engine.sleep(sleep, PATIENCE).expect("a thread was started");
    suspend(&engine, &upcalls, context);
    assert_eq!(engine.take(sleep), Some(Outcome::Fault));
    assert_eq!(engine.gauges().queued, 0);
}

#[test]
fn close_under_load_aborts_everything_and_leaves_nothing() {
    let (engine, host, upcalls, context) = open(config(4, 2_000));
    let (begun, release, stuck) = gate();
    let mut calls: Vec<CallId> = vec![call(&engine, &host, context, stuck)];
    engine.submit(calls[0], None).expect("a worker");
    begun.recv_timeout(PATIENCE).expect("runs");
    engine.arm_wait(context, 1_000).expect("running");
    for _ in 0..500 {
        let call = call(&engine, &host, context, || Outcome::Value);
        engine.submit(call, Some(PATIENCE)).expect("a place");
        calls.push(call);
        let sleep = engine.reserve(context).expect("a slot");
        engine.sleep(sleep, PATIENCE).expect("open");
        calls.push(sleep);
    }
    assert_eq!(
        engine
            .end_slice(context, SliceEnd::Parked)
            .expect("running"),
        EndVerdict::Suspended
    );
    engine.begin_close();
    engine.begin_close();
    let refused = |error: Option<ErrorKind>| assert_eq!(error, Some(ErrorKind::Closed));
    refused(
        engine
            .create_context(Resumption::Owner)
            .err()
            .map(|error| error.kind()),
    );
    refused(engine.reserve(context).err().map(|error| error.kind()));
    refused(
        engine
            .submit(calls[0], None)
            .err()
            .map(|error| error.kind()),
    );
    refused(
        engine
            .sleep(calls[0], PATIENCE)
            .err()
            .map(|error| error.kind()),
    );
    // The suspended action is driven to its end.
    let mut ready = [0; 4];
    assert_eq!(engine.drain_ready(&mut ready), 1);
    assert_eq!(
        engine.begin_slice(context).expect("ready"),
        BeginVerdict::Resume
    );
    assert_eq!(engine.wait_status(context), WaitStatus::Aborted);
    assert_eq!(
        engine.take(calls[0]),
        Some(Outcome::Aborted),
        "though its supplier still runs"
    );
    for call in calls.drain(1..) {
        assert!(matches!(
            engine.take(call),
            Some(Outcome::Value | Outcome::Aborted)
        ));
    }
    engine
        .end_slice(context, SliceEnd::Finished)
        .expect("running");
    let again = engine.begin_slice(context).map_err(|error| error.kind());
    assert_eq!(again, Err(ErrorKind::Closed));
    engine.release_context(context);
    let gauges = engine.gauges();
    assert_eq!(
        Gauges {
            running: 0,
            workers: 0,
            wake_ups: 0,
            ..gauges
        },
        Gauges::default()
    );
    drop(engine);
    release
        .send(Outcome::Value)
        .expect("the stuck supplier outlives the engine");
    while !upcalls.ended() {}
}

#[test]
fn a_virtual_action_is_notified_and_resumes_when_unparked() {
    let (engine, host, upcalls, _) = open(config(1, 8));
    let context = engine.create_context(Resumption::Unpark).expect("open");
    engine.begin_slice(context).expect("new");
    engine.arm_wait(context, 1).expect("running");
    let (begun, release, supplier) = gate();
    let call = call(&engine, &host, context, supplier);
    engine.submit(call, None).expect("a worker");
    begun.recv_timeout(PATIENCE).expect("runs");
    assert_eq!(
        engine
            .end_slice(context, SliceEnd::Parked)
            .expect("running"),
        EndVerdict::Suspended
    );
    release.send(Outcome::Value).expect("runs");
    upcalls.wait_for(|upcall| *upcall == Upcall::Notify(context));
    assert!(!engine.has_ready());
    assert_eq!(
        engine.begin_slice(context).expect("known"),
        BeginVerdict::NotReady
    );
    engine.unparked(context);
    upcalls.wait_for(|upcall| *upcall == Upcall::Wake);
    assert!(engine.has_ready());
    assert_eq!(
        engine.begin_slice(context).expect("ready"),
        BeginVerdict::Resume
    );
    assert!(!engine.has_ready(), "it runs, so it is not ready any more");
    close(&engine, &upcalls);
}

#[test]
fn an_owner_that_never_drains_is_never_woken() {
    let (host, upcalls) = TestHost::new();
    let engine = Engine::new(config(1, 8), Arc::clone(&host) as _).expect("sound");
    let context = engine.create_context(Resumption::Owner).expect("open");
    engine.begin_slice(context).expect("new");
    engine.arm_wait(context, 1).expect("running");
    let call = call(&engine, &host, context, || Outcome::Value);
    engine.submit(call, None).expect("a worker");
    engine
        .end_slice(context, SliceEnd::Parked)
        .expect("running");
    while engine.begin_slice(context).expect("known") == BeginVerdict::NotReady {
        std::thread::yield_now();
    }
    assert_eq!(engine.take(call), Some(Outcome::Value));
    assert!(!upcalls.so_far().contains(&Upcall::Wake));
    assert_eq!(engine.gauges().wake_ups, 0);
    close(&engine, &upcalls);
}

#[test]
fn a_context_runs_once_at_a_time_and_ids_end_with_their_release() {
    let (engine, _host, upcalls, context) = open(config(1, 8));
    let kind = |error: fermata_engine::Error| error.kind();
    assert_eq!(
        engine.begin_slice(context).map_err(kind),
        Err(ErrorKind::Busy)
    );
    engine
        .end_slice(context, SliceEnd::Finished)
        .expect("running");
    assert_eq!(
        engine.arm_wait(context, 1).map_err(kind),
        Err(ErrorKind::InvalidArgument)
    );
    engine.release_context(context);
    engine.release_context(context);
    assert_eq!(
        engine.begin_slice(context).map_err(kind),
        Err(ErrorKind::UnknownContext)
    );
    assert_eq!(
        engine.reserve(context).map_err(kind),
        Err(ErrorKind::UnknownContext)
    );
    let next = engine.create_context(Resumption::Owner).expect("open");
    assert_eq!((next.index(), next == context), (context.index(), false));
    close(&engine, &upcalls);
}

#[test]
fn limits_are_checked_when_the_engine_is_made() {
    let sound = config(1, 1);
    let unsound = [
        EngineConfig {
            max_workers: 0,
            ..sound.clone()
        },
        EngineConfig {
            queue_capacity: 0,
            ..sound.clone()
        },
        EngineConfig {
            max_calls: 0,
            ..sound.clone()
        },
        EngineConfig {
            max_calls: 1 << 31,
            ..sound.clone()
        },
        EngineConfig {
            thread_name: String::new(),
            ..sound
        },
    ];
    for config in unsound {
        let refused = Engine::new(config, TestHost::new().0 as _).map(drop);
        assert_eq!(
            refused.map_err(|error| error.kind()),
            Err(ErrorKind::InvalidArgument)
        );
    }
}
