// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! How much a task may hand over before it has to wait for its reader.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// A number of credits that one task takes and others on its thread grant.
#[derive(Default)]
pub(crate) struct Credits {
    left: Cell<u64>,
    taker: RefCell<Option<Waker>>,
}

impl Credits {
    /// More credits; as many as a word holds are as good as endless.
    pub(crate) fn grant(&self, credits: u64) {
        self.left.set(self.left.get().saturating_add(credits));
        let taker = self.taker.take();
        if let Some(taker) = taker {
            taker.wake();
        }
    }

    /// Waits for a credit, and takes it.
    pub(crate) async fn take(&self) {
        poll_fn(|context| self.poll_take(context)).await;
    }

    fn poll_take(&self, context: &Context<'_>) -> Poll<()> {
        match self.left.get() {
            0 => {
                self.taker.replace(Some(context.waker().clone()));
                Poll::Pending
            }
            u64::MAX => Poll::Ready(()),
            left => {
                self.left.set(left - 1);
                Poll::Ready(())
            }
        }
    }
}
