// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Work that several tasks wait for, and that goes on as long as one of them does.

use std::future::Future;
use std::rc::{Rc, Weak};

use tokio::sync::watch;

/// Work under way that others on its thread may join.
pub(crate) struct Joint<T>(Weak<watch::Sender<Option<T>>>);

/// A wait for the outcome.
pub(crate) struct Joined<T>(watch::Receiver<Option<T>>);

impl<T: Clone + 'static> Joint<T> {
    /// Starts the work, as a task of the current local set.
    pub(crate) fn start(work: impl Future<Output = T> + 'static) -> (Self, Joined<T>) {
        let (sender, receiver) = watch::channel(None);
        let sender = Rc::new(sender);
        let joint = Self(Rc::downgrade(&sender));
        tokio::task::spawn_local(async move {
            tokio::select! {
                outcome = work => {
                    sender.send_replace(Some(outcome));
                }
                () = sender.closed() => {}
            }
        });
        (joint, Joined(receiver))
    }

    /// Waits with the others; `None` if the work is done or given up.
    pub(crate) fn join(&self) -> Option<Joined<T>> {
        self.0.upgrade().map(|sender| Joined(sender.subscribe()))
    }

    /// Whether it can be joined.
    pub(crate) fn is_under_way(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl<T: Clone> Joined<T> {
    /// The outcome; `None` if the work panicked.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        }
    }
}
