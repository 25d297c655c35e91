// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The sole facade over core, io and journal: what the JNI boundary, or any other host, sees of the engine.

mod completions;
mod config;
mod engine;
mod host;
mod hosted_journal;
mod native_thread;
mod transport;

pub use config::{EngineConfig, Gauges};
pub use engine::Engine;
pub use fermata_core::call_slots::{CancelVerdict, Outcome};
pub use fermata_core::context_machine::{
    BeginVerdict, EndVerdict, Resumption, SliceEnd, WaitStatus,
};
pub use fermata_core::error::{Error, ErrorKind, Retry};
pub use fermata_core::ids::{CallId, ContextId};
pub use fermata_core::threads::{Spawn, ThreadBody};
pub use fermata_io::http;
pub use fermata_journal as journal;
pub use fermata_object_storage as object_storage;
pub use host::Host;
pub use hosted_journal::{HostedJournal, JournalHost};
pub use transport::{HttpTransport, TransportHost};
