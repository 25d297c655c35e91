// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Every interleaving of the completion port's users.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p fermata-core --test loom_port`.
#![cfg(loom)]
#![allow(missing_docs)]

use fermata_core::completion_port::CompletionPort;
use fermata_core::ids::ContextId;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

fn id(index: u64) -> ContextId {
    ContextId::from_u64(1 << 32 | index)
}

fn drain(port: &CompletionPort) -> usize {
    port.drain(&mut [0; 4], |_| true)
}

#[test]
fn no_push_is_left_behind_without_a_wake() {
    loom::model(|| {
        let port = Arc::new(CompletionPort::default());
        let wakes = Arc::new(AtomicUsize::new(0));
        let pushers: Vec<_> = (0..2)
            .map(|index| {
                let (port, wakes) = (Arc::clone(&port), Arc::clone(&wakes));
                thread::spawn(move || {
                    if port.push(id(index)) {
                        wakes.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        let mut drained = drain(&port);
        for pusher in pushers {
            pusher.join().expect("no panic");
        }
        // An owner that answers every wake with a drain, and does nothing else, has seen everything.
        let owed = wakes.load(Ordering::SeqCst);
        if drained < 2 {
            assert!(owed > 0, "the rest was not announced");
            drained += drain(&port);
        }
        assert_eq!(drained, 2);
    });
}

#[test]
fn a_burst_costs_one_wake() {
    loom::model(|| {
        let port = Arc::new(CompletionPort::default());
        let other = {
            let port = Arc::clone(&port);
            thread::spawn(move || usize::from(port.push(id(0))))
        };
        let mine = usize::from(port.push(id(1)));
        assert_eq!(mine + other.join().expect("no panic"), 1);
        assert_eq!(drain(&port), 2);
        assert!(port.push(id(2)), "a drained port is armed");
    });
}

#[test]
fn an_owner_that_finds_nothing_ready_is_woken() {
    loom::model(|| {
        let port = Arc::new(CompletionPort::default());
        assert!(port.push(id(0)));
        let pusher = {
            let port = Arc::clone(&port);
            thread::spawn(move || port.push(id(1)))
        };
        // The first entry is not ready any more.
        let ready = port.has_ready(|context| context != id(0));
        let woken = pusher.join().expect("no panic");
        assert!(ready || woken, "the owner parks for good");
    });
}
