// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What waits without a thread of its own, on tokio: timers and HTTP.
#![forbid(unsafe_code)]

mod doorbell;
pub mod http;
pub mod timers;
