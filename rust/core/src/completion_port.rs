// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The way back to the owner: contexts that became ready, and one wake per burst of them.

use std::collections::VecDeque;

use crate::ids::ContextId;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// A queue that any thread fills and one owner empties, with an *armed* flag: the push that finds it set takes it and
/// owes the owner a wake; the owner sets it by finding the queue empty. So a burst costs one wake, and none is lost.
///
/// Nothing should be pushed before the port is *observed*: an owner that polls its contexts never drains.
#[derive(Debug)]
pub struct CompletionPort {
    observed: AtomicBool,
    ready: Mutex<Ready>,
}

#[derive(Debug)]
struct Ready {
    queue: VecDeque<ContextId>,
    armed: bool,
}

impl Default for CompletionPort {
    fn default() -> Self {
        Self {
            observed: AtomicBool::new(false),
            ready: Mutex::new(Ready {
                queue: VecDeque::new(),
                armed: true,
            }),
        }
    }
}

impl CompletionPort {
    /// Declares that the owner looks at this port; whether it had not done so before.
    pub fn observe(&self) -> bool {
        !self.observed.load(Ordering::Acquire) && !self.observed.swap(true, Ordering::AcqRel)
    }

    /// Whether the owner looks at this port.
    pub fn is_observed(&self) -> bool {
        self.observed.load(Ordering::Acquire)
    }

    /// Appends `context`; whether the caller must wake the owner.
    #[must_use]
    pub fn push(&self, context: ContextId) -> bool {
        let mut ready = lock(&self.ready);
        ready.queue.push_back(context);
        std::mem::replace(&mut ready.armed, false)
    }

    /// Moves entries that `keep` approves to `into`, in order, until the queue is empty or `into` full; drops the
    /// others. Arms the port if the queue is empty then. `keep` must not use the port.
    pub fn drain(&self, into: &mut [u64], mut keep: impl FnMut(ContextId) -> bool) -> usize {
        let mut ready = lock(&self.ready);
        let mut count = 0;
        while count < into.len()
            && let Some(context) = ready.queue.pop_front()
        {
            if keep(context) {
                into[count] = context.as_u64();
                count += 1;
            }
        }
        ready.armed |= ready.queue.is_empty();
        count
    }

    /// Drops entries from the front until `keep` approves one, which stays; whether there is one. Arms the port if not.
    /// `keep` must not use the port.
    pub fn has_ready(&self, mut keep: impl FnMut(ContextId) -> bool) -> bool {
        let mut ready = lock(&self.ready);
        while let Some(&context) = ready.queue.front() {
            if keep(context) {
                return true;
            }
            ready.queue.pop_front();
        }
        ready.armed = true;
        false
    }
}
