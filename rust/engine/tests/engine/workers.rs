// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Workers: hired on demand, ended when idle, refused by the system or the host.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use fermata_engine::{CancelVerdict, Engine, EngineConfig, ErrorKind, Outcome, Resumption};

use crate::common::{
    PATIENCE, Refusing, TestHost, Upcall, call, close, config, gate, open, run, suspend,
};

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
