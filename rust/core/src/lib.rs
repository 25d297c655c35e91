// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The engine's core: contexts, calls, workers and the way back to the owner. It knows no JNI and no tokio, so that loom
//! can run it.
//!
//! An *owner* drives *contexts*, each the state machine of one action, one *slice* at a time. An action makes *calls*:
//! suppliers that *workers* run, or sleeps. A call that ends may satisfy the wait of its context, which is then
//! announced through the *completion port*.
//!
//! No method here calls back under a lock. Code that runs on threads of the host uses mutexes, condition variables and
//! atomics only: a thread-local with a destructor would keep the library mapped after it was unloaded.
#![forbid(unsafe_code)]

pub mod call_slots;
pub mod completion_port;
pub mod context_machine;
pub mod contexts;
pub mod error;
pub mod ids;
mod sync;
mod table;
pub mod threads;
pub mod worker_pool;
