// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The JNI boundary: the only code that speaks JNI.
//!
//! Every native of `dev.fermata.internal.bridge.NativeEngine` is in [`entry_points`], every one of `NativeTransport` in
//! [`transport_entry_points`], of `NativeJournal` in [`journal_entry_points`], and passes [`error_policy`]; every call of a
//! Java method by an engine is in [`java_call`], by a transport in [`transport_call`], by a journal in [`journal_call`]. Java
//! objects are kept alive by these references alone: a global one per engine, transport and journal to its upcalls, and a
//! weak one to `LogBridge`. No class is pinned, so that a class loader can be collected and the library unloaded.
//!
//! Threads that Java owns enter this code, and a Rust thread-local with a destructor that is touched on such a thread
//! would keep the library mapped after its unloading. Hence no `std::thread::current()`, no `tokio`, no scoped `tracing`
//! dispatcher here.

mod class_cache;
mod entry_points;
mod error_policy;
#[cfg(feature = "fault-injection")]
pub mod fault_injection;
mod flat_record;
mod handles;
#[cfg(target_os = "linux")]
mod hotspot;
mod java_call;
mod java_peer;
mod journal_call;
mod journal_entry_points;
mod lifecycle;
mod log_bridge;
mod transport_call;
mod transport_entry_points;

pub use lifecycle::{on_load, on_unload};
