// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The sole facade over core and io.
#![allow(unused_variables)]

mod config;
mod host;

use std::sync::Arc;
use std::time::Duration;

pub use config::{EngineConfig, Gauges};
pub use fermata_core::call_slots::{CancelVerdict, Outcome};
pub use fermata_core::context_machine::{
    BeginVerdict, EndVerdict, Resumption, SliceEnd, WaitStatus,
};
pub use fermata_core::error::{Error, ErrorKind, Retry};
pub use fermata_core::ids::{CallId, ContextId};
pub use host::Host;

/// One engine.
pub struct Engine {}

impl Engine {
    /// Signature first.
    pub fn new(config: EngineConfig, host: Arc<dyn Host>) -> Result<Arc<Engine>, Error> {
        todo!()
    }

    /// Signature first.
    pub fn create_context(&self, resumption: Resumption) -> Result<ContextId, Error> {
        todo!()
    }

    /// Signature first.
    pub fn release_context(&self, context: ContextId) {
        todo!()
    }

    /// Signature first.
    pub fn begin_slice(&self, context: ContextId) -> Result<BeginVerdict, Error> {
        todo!()
    }

    /// Signature first.
    pub fn end_slice(&self, context: ContextId, end: SliceEnd) -> Result<EndVerdict, Error> {
        todo!()
    }

    /// Signature first.
    pub fn arm_wait(&self, context: ContextId, calls: u32) -> Result<(), Error> {
        todo!()
    }

    /// Signature first.
    pub fn wait_status(&self, context: ContextId) -> WaitStatus {
        todo!()
    }

    /// Signature first.
    pub fn reserve(&self, context: ContextId) -> Result<CallId, Error> {
        todo!()
    }

    /// Signature first.
    pub fn submit(&self, call: CallId, deadline: Option<Duration>) -> Result<(), Error> {
        todo!()
    }

    /// Signature first.
    pub fn sleep(&self, call: CallId, duration: Duration) -> Result<(), Error> {
        todo!()
    }

    /// Signature first.
    pub fn cancel_call(&self, call: CallId) -> CancelVerdict {
        todo!()
    }

    /// Signature first.
    pub fn discard(&self, call: CallId) -> CancelVerdict {
        todo!()
    }

    /// Signature first.
    pub fn take(&self, call: CallId) -> Option<Outcome> {
        todo!()
    }

    /// Signature first.
    pub fn cancel_context(&self, context: ContextId) {
        todo!()
    }

    /// Signature first.
    pub fn unparked(&self, context: ContextId) {
        todo!()
    }

    /// Signature first.
    pub fn observe(&self) {
        todo!()
    }

    /// Signature first.
    pub fn has_ready(&self) -> bool {
        todo!()
    }

    /// Signature first.
    pub fn drain_ready(&self, into: &mut [u64]) -> usize {
        todo!()
    }

    /// Signature first.
    pub fn gauges(&self) -> Gauges {
        todo!()
    }

    /// Signature first.
    pub fn begin_close(&self) {
        todo!()
    }

    /// Signature first.
    pub fn threads_alive(&self) -> usize {
        todo!()
    }
}
