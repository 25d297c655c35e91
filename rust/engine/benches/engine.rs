// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What a call costs: through the engine, and through a plain channel to a worker thread.
//!
//! Run with `cargo bench -p fermata-engine`.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use fermata_core::completion_port::CompletionPort;
use fermata_core::context_machine::ContextMachine;
use fermata_engine::{
    BeginVerdict, CallId, ContextId, EndVerdict, Engine, EngineConfig, Error, Host, Outcome,
    Resumption, SliceEnd,
};

/// Unparks the thread that registered itself; does nothing else.
#[derive(Default)]
struct NoOpHost {
    owner: OnceLock<Thread>,
}

impl Host for NoOpHost {
    fn thread_started(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
    fn thread_ended(&self, _: bool) {}
    fn run(&self, call: CallId) -> Outcome {
        black_box(call);
        Outcome::Value
    }
    fn wake(&self) {
        if let Some(owner) = self.owner.get() {
            owner.unpark();
        }
    }
    fn space(&self) {}
    fn expired(&self, _: CallId) {}
    fn notify(&self, _: ContextId) {}
}

fn engine() -> (Arc<Engine>, ContextId) {
    let host = Arc::new(NoOpHost::default());
    host.owner.get_or_init(std::thread::current);
    let engine = Engine::new(
        EngineConfig {
            max_workers: 1,
            queue_capacity: 4096,
            max_calls: 4096,
            keep_alive: Duration::from_secs(60),
            thread_name: "bench".into(),
        },
        host,
    )
    .expect("a sound configuration");
    let context = engine.create_context(Resumption::Owner).expect("open");
    engine.observe();
    (engine, context)
}

/// Drives `context` through one slice that ends parked, with `calls` calls open, until their wait is over.
fn round_trip(engine: &Engine, context: ContextId, calls: &mut Vec<CallId>, count: u32) {
    engine.arm_wait(context, count).expect("running");
    for _ in 0..count {
        let call = engine.reserve(context).expect("a slot");
        engine.submit(call, None).expect("a place");
        calls.push(call);
    }
    if engine
        .end_slice(context, SliceEnd::Parked)
        .expect("running")
        == EndVerdict::Suspended
    {
        let mut ready = [0_u64; 8];
        while engine.drain_ready(&mut ready) == 0 {
            std::thread::park();
        }
    }
    assert_eq!(
        engine.begin_slice(context).expect("ready"),
        BeginVerdict::Resume
    );
    for call in calls.drain(..) {
        assert_eq!(engine.take(call), Some(Outcome::Value));
    }
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call");
    let (requests, inbox) = mpsc::channel::<u64>();
    let (answers, outbox) = mpsc::channel::<u64>();
    let peer = std::thread::spawn(move || {
        while let Ok(request) = inbox.recv() {
            if answers.send(black_box(request)).is_err() {
                return;
            }
        }
    });
    for count in [1_u32, 256] {
        let (engine, context) = engine();
        engine.begin_slice(context).expect("new");
        let mut open = Vec::with_capacity(count as usize);
        group.throughput(criterion::Throughput::Elements(u64::from(count)));
        group.bench_function(format!("engine, {count} at once"), |bencher| {
            bencher.iter(|| round_trip(&engine, context, &mut open, count));
        });
        group.bench_function(format!("std channel pair, {count} at once"), |bencher| {
            bencher.iter(|| {
                for request in 0..u64::from(count) {
                    requests.send(request).expect("the peer lives");
                }
                for _ in 0..count {
                    black_box(outbox.recv().expect("the peer lives"));
                }
            });
        });
        engine.begin_close();
    }
    group.finish();
    drop(requests);
    peer.join().expect("the peer ends");
}

/// What the engine adds on the owner's thread: everything but the hand-over to the worker.
fn bookkeeping(criterion: &mut Criterion) {
    let (engine, context) = engine();
    engine.begin_slice(context).expect("new");
    criterion.bench_function(
        "call/bookkeeping: arm, reserve, cancel, park, resume, take",
        |bencher| {
            bencher.iter(|| {
                engine.arm_wait(context, 1).expect("running");
                let call = engine.reserve(context).expect("a slot");
                engine.cancel_call(call);
                engine
                    .end_slice(context, SliceEnd::Parked)
                    .expect("running");
                engine.begin_slice(context).expect("ready");
                engine.take(call)
            });
        },
    );
}

fn port(criterion: &mut Criterion) {
    let port = CompletionPort::default();
    let context = ContextId::from_u64(1 << 32);
    let mut into = [0_u64; 256];
    let mut group = criterion.benchmark_group("port");
    group.throughput(criterion::Throughput::Elements(256));
    group.bench_function("256 pushes, one drain", |bencher| {
        bencher.iter(|| {
            for _ in 0..256 {
                black_box(port.push(context));
            }
            port.drain(&mut into, |_| true)
        });
    });
    group.finish();
}

fn machine(criterion: &mut Criterion) {
    criterion.bench_function(
        "machine/begin, arm, park, call done, resume, finish",
        |bencher| {
            let mut machine = ContextMachine::new(Resumption::Owner);
            bencher.iter(|| {
                let machine = black_box(&mut machine);
                let _ = machine.begin_slice();
                let _ = machine.arm_wait(1);
                let _ = machine.end_slice(SliceEnd::Parked);
                let _ = machine.call_done(machine.epoch(), true);
                let _ = machine.begin_slice();
                machine.end_slice(SliceEnd::Finished)
            });
        },
    );
}

/// A sleep that is discarded at once, while the timer thread takes the entries in and out beside it.
fn timers(criterion: &mut Criterion) {
    let (engine, context) = engine();
    criterion.bench_function("timer/insert and cancel", |bencher| {
        bencher.iter(|| {
            let call = engine.reserve(context).expect("a slot");
            engine.sleep(call, Duration::from_secs(3600)).expect("open");
            engine.discard(call)
        });
    });
    criterion.bench_function("timer/deadline of a call that is done in time", |bencher| {
        engine.begin_slice(context).expect("new");
        let mut ready = [0_u64; 8];
        bencher.iter_custom(|iterations| {
            let start = Instant::now();
            for _ in 0..iterations {
                engine.arm_wait(context, 1).expect("running");
                let call = engine.reserve(context).expect("a slot");
                engine
                    .submit(call, Some(Duration::from_secs(30)))
                    .expect("a place");
                if engine
                    .end_slice(context, SliceEnd::Parked)
                    .expect("running")
                    == EndVerdict::Suspended
                {
                    while engine.drain_ready(&mut ready) == 0 {
                        std::thread::park();
                    }
                }
                engine.begin_slice(context).expect("ready");
                engine.take(call);
            }
            start.elapsed()
        });
        engine
            .end_slice(context, SliceEnd::Finished)
            .expect("running");
    });
}

criterion_group!(benches, calls, bookkeeping, port, machine, timers);
criterion_main!(benches);
