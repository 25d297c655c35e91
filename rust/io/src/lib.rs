// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What waits without a thread of its own, on tokio: timers and HTTP.
#![forbid(unsafe_code)]

mod doorbell;
pub mod http;
pub mod timers;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// No code here panics while it holds a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
