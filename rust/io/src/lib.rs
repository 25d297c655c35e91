// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What waits without a thread of its own, on tokio: timers and HTTP.
#![forbid(unsafe_code)]

pub mod doorbell;
pub mod http;
pub mod timers;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use fermata_core::error::{Error, ErrorKind};

/// The root future of a thread. Should it panic it ends with an error, so that what waits for the thread can be told.
async fn run_root(
    thread: &str,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<()>,
) -> Result<(), Error> {
    let ended = poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| poll(context)))
            .map_or(Poll::Ready(Err(())), |polled| polled.map(Ok))
    });
    ended.await.map_err(|()| {
        Error::new(
            ErrorKind::Boundary,
            format!(
                "the {thread} thread panicked, which is a defect of Fermata (the place is in the log)"
            ),
        )
    })
}

/// No code here panics while it holds a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
