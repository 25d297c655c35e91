// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Every interleaving of an owner that suspends with those that end its wait.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p fermata-core --test loom_contexts`.
#![cfg(loom)]
#![allow(missing_docs)]

use fermata_core::context_machine::{BeginVerdict, EndVerdict, Resumption, SliceEnd, WaitStatus};
use fermata_core::contexts::{Announcement, Contexts};
use fermata_core::ids::ContextId;
use loom::sync::Arc;
use loom::thread;

/// A context whose action runs and waits for `calls` calls.
fn waiting(contexts: &Contexts, resumption: Resumption, calls: u32) -> (ContextId, u32) {
    let context = contexts.create(resumption).expect("open");
    assert_eq!(
        contexts.begin_slice(context).expect("new"),
        BeginVerdict::Start
    );
    contexts.arm_wait(context, calls).expect("running");
    (context, contexts.epoch(context).expect("known"))
}

#[test]
fn a_wait_that_ends_while_its_owner_suspends_is_not_lost() {
    loom::model(|| {
        let contexts = Arc::new(Contexts::default());
        assert_eq!(contexts.drain(&mut [0; 2]), 0);
        let (context, epoch) = waiting(&contexts, Resumption::Owner, 2);
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let contexts = Arc::clone(&contexts);
                thread::spawn(move || contexts.call_done(context, epoch, true))
            })
            .collect();
        let (end, _) = contexts
            .end_slice(context, SliceEnd::Parked)
            .expect("running");
        let woken = workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .filter(|&announcement| announcement == Announcement::Wake)
            .count();
        let mut ready = [0; 2];
        let drained = contexts.drain(&mut ready);
        match end {
            EndVerdict::ResumeNow => assert_eq!((woken, drained), (0, 0)),
            EndVerdict::Suspended => {
                assert_eq!((woken, drained, ready[0]), (1, 1, context.as_u64()));
            }
            EndVerdict::Finished => unreachable!("the slice parked"),
        }
        assert_eq!(
            contexts.begin_slice(context).expect("ready"),
            BeginVerdict::Resume
        );
        assert_eq!(contexts.wait_status(context), WaitStatus::Satisfied);
        assert_eq!(contexts.suspended(), 0);
    });
}

#[test]
fn a_context_that_becomes_ready_while_the_owner_begins_to_observe_is_seen() {
    loom::model(|| {
        let contexts = Arc::new(Contexts::default());
        let (context, epoch) = waiting(&contexts, Resumption::Owner, 1);
        assert_eq!(
            contexts
                .end_slice(context, SliceEnd::Parked)
                .expect("running"),
            (EndVerdict::Suspended, Announcement::None)
        );
        let worker = {
            let contexts = Arc::clone(&contexts);
            thread::spawn(move || contexts.call_done(context, epoch, true))
        };
        let seen = contexts.has_ready();
        let woken = worker.join().expect("no panic") == Announcement::Wake;
        assert!(seen || woken, "the owner parks for good");
        assert_eq!(contexts.drain(&mut [0; 2]), 1, "queued exactly once");
    });
}

#[test]
fn cancellation_and_completion_queue_a_context_once() {
    loom::model(|| {
        let contexts = Arc::new(Contexts::default());
        assert!(!contexts.has_ready());
        let (context, epoch) = waiting(&contexts, Resumption::Owner, 1);
        assert_eq!(
            contexts
                .end_slice(context, SliceEnd::Parked)
                .expect("running"),
            (EndVerdict::Suspended, Announcement::None)
        );
        let worker = {
            let contexts = Arc::clone(&contexts);
            thread::spawn(move || contexts.call_done(context, epoch, true))
        };
        let mine = contexts.cancel(context);
        let other = worker.join().expect("no panic");
        assert_ne!(
            mine == Announcement::Wake,
            other == Announcement::Wake,
            "one wake"
        );
        assert_eq!(contexts.drain(&mut [0; 2]), 1);
        assert_eq!(contexts.wait_status(context), WaitStatus::Cancelled);
    });
}

#[test]
fn an_unpark_while_the_action_parks_is_not_lost() {
    loom::model(|| {
        let contexts = Arc::new(Contexts::default());
        assert!(!contexts.has_ready());
        let (context, epoch) = waiting(&contexts, Resumption::Unpark, 1);
        let worker = {
            let contexts = Arc::clone(&contexts);
            thread::spawn(move || {
                let announcement = contexts.call_done(context, epoch, true);
                assert_eq!(announcement, Announcement::Notify(context));
                contexts.unparked(context)
            })
        };
        let (end, mine) = contexts
            .end_slice(context, SliceEnd::Parked)
            .expect("running");
        let other = worker.join().expect("no panic");
        assert_eq!(end, EndVerdict::Suspended);
        assert_ne!(
            mine == Announcement::Wake,
            other == Announcement::Wake,
            "one wake"
        );
        assert_eq!(contexts.drain(&mut [0; 2]), 1);
        assert_eq!(
            contexts.begin_slice(context).expect("ready"),
            BeginVerdict::Resume
        );
    });
}
