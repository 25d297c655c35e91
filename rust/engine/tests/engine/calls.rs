// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What becomes of calls, sleeps and waits.

use std::sync::Arc;
use std::time::Duration;

use fermata_engine::{
    BeginVerdict, CancelVerdict, EndVerdict, Engine, ErrorKind, Outcome, Resumption, SliceEnd,
    WaitStatus,
};

use crate::common::{PATIENCE, TestHost, Upcall, call, close, config, gate, open, run, suspend};

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
fn what_is_outside_ends_a_call_once_it_comes_or_is_late() {
    let (engine, _host, upcalls, context) = open(config(1, 8));
    engine.arm_wait(context, 1).expect("running");
    let call = engine.reserve(context).expect("a slot");
    engine.arrive(call);
    assert_eq!(engine.take(call), None, "it does not wait outside yet");
    engine.leave_outside(call, Some(PATIENCE)).expect("open");
    let gauges = engine.gauges();
    assert_eq!((gauges.sleeping, gauges.timer_entries), (0, 1));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            engine.arrive(call);
            engine.arrive(call);
        });
        assert_eq!(suspend(&engine, &upcalls, context), WaitStatus::Satisfied);
    });
    assert_eq!(engine.take(call), Some(Outcome::Value));
    assert_eq!(engine.gauges().timer_entries, 0);

    engine.arm_wait(context, 1).expect("running");
    let late = engine.reserve(context).expect("a slot");
    engine
        .leave_outside(late, Some(Duration::from_millis(1)))
        .expect("open");
    assert_eq!(suspend(&engine, &upcalls, context), WaitStatus::Satisfied);
    engine.arrive(late);
    assert_eq!(engine.take(late), Some(Outcome::TimedOut));
    close(&engine, &upcalls);
    assert_eq!(
        engine.leave_outside(late, None).expect_err("closed").kind(),
        ErrorKind::Closed
    );
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
