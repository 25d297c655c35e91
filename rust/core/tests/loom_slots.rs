// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Every interleaving of the parties that end a call.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p fermata-core --test loom_slots`.
#![cfg(loom)]
#![allow(missing_docs)]

use fermata_core::call_slots::{CallSlots, Open, Outcome};
use fermata_core::ids::ContextId;
use loom::sync::Arc;
use loom::thread;

fn context(index: u64) -> ContextId {
    ContextId::from_u64(1 << 32 | index)
}

#[test]
fn of_deadline_completion_and_cancellation_one_wins() {
    loom::model(|| {
        let slots = Arc::new(CallSlots::new(1));
        let call = slots.reserve(context(0), 7).expect("open");
        assert!(slots.enqueue(call, true));
        let worker = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                slots
                    .start(call)
                    .then(|| slots.complete(call, Outcome::Value))
            })
        };
        let timer = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.expire(call))
        };
        let cancelled = slots.complete(call, Outcome::Cancelled);
        let completions: Vec<_> = [
            worker.join().expect("no panic").flatten(),
            timer.join().expect("no panic"),
            cancelled,
        ]
        .into_iter()
        .flatten()
        .collect();
        assert_eq!(completions.len(), 1);
        let won = completions[0];
        assert_eq!((won.context, won.epoch), (context(0), 7));
        assert!(won.outcome != Outcome::Value || won.was == Open::Running);
        assert_eq!(
            slots.take(call).map(|taken| taken.outcome),
            Some(won.outcome)
        );
    });
}

#[test]
fn a_call_is_taken_once_and_its_slot_used_again_under_a_new_id() {
    loom::model(|| {
        let slots = Arc::new(CallSlots::new(1));
        let call = slots.reserve(context(0), 1).expect("open");
        assert!(slots.sleep(call));
        let timer = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.expire(call))
        };
        let other = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.take(call))
        };
        let mine = slots.take(call);
        // The slot is used again at once, while the timer may still be at it.
        let next = mine.map(|_| slots.reserve(context(1), 2).expect("the slot is free"));
        let expired = timer
            .join()
            .expect("no panic")
            .expect("nobody else completes");
        assert_eq!((expired.context, expired.epoch), (context(0), 1));
        let others = other.join().expect("no panic");
        assert!(mine.is_none() || others.is_none(), "taken twice");
        if let Some(next) = next {
            assert_ne!(next, call);
            assert!(slots.is_held(next));
            assert!(
                slots.complete(call, Outcome::Value).is_none(),
                "a stale id hit the new call"
            );
        }
        let left = usize::from(mine.is_none() && others.is_none()) + usize::from(next.is_some());
        assert_eq!(slots.in_use(), left);
    });
}

#[test]
fn a_call_reserved_while_the_engine_closes_is_refused_or_aborted() {
    loom::model(|| {
        let slots = Arc::new(CallSlots::new(2));
        let reserver = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || slots.reserve(context(0), 1))
        };
        let mut aborted = Vec::new();
        slots.abort_all(|completion| aborted.push(completion.call));
        match reserver.join().expect("no panic") {
            Ok(call) => assert_eq!(aborted, [call]),
            Err(_) => assert!(aborted.is_empty()),
        }
    });
}
