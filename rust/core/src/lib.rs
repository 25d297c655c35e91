// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Context machine, call slots, worker pool and completion port: no JNI, no tokio.
#![forbid(unsafe_code)]
#![allow(dead_code)]

pub mod call_slots;
pub mod context_machine;
pub mod error;
pub mod ids;
