// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What ends: engines, contexts, and what is refused.

use fermata_engine::{
    BeginVerdict, CallId, EndVerdict, Engine, EngineConfig, ErrorKind, Gauges, Outcome, Resumption,
    SliceEnd, WaitStatus,
};

use crate::common::{PATIENCE, TestHost, call, close, config, gate, open};

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
