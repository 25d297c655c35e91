// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The limits of an engine and the figures it gives about itself.

use std::time::Duration;

/// The limits of one engine. There are no defaults here: the host chooses them.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The most worker threads that exist at once; at least 1.
    pub max_workers: usize,
    /// The most calls that wait for a worker; at least 1.
    pub queue_capacity: usize,
    /// The most calls that are open or not yet taken; 1 to 2^31 - 1.
    pub max_calls: usize,
    /// How long a worker without work lives on.
    pub keep_alive: Duration,
    /// The prefix of thread names: workers are `<prefix>-<n>`, the timer thread is `<prefix>-timer`.
    pub thread_name: String,
}

/// What an engine is doing now. Each figure is exact when it is read; together they are not one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Call slots in use: calls that are open, or done and not yet taken.
    pub in_flight: u64,
    /// Calls that wait for a worker.
    pub queued: u64,
    /// Suppliers that run now, among them those whose call was given up (timed out, cancelled, aborted).
    pub running: u64,
    /// Sleeps under way.
    pub sleeping: u64,
    /// Contexts that are suspended and not ready.
    pub suspended: u64,
    /// Worker threads.
    pub workers: u64,
    /// How often the owner was woken, since the engine was created.
    pub wake_ups: u64,
    /// Entries the timer thread holds or is about to take in.
    pub timer_entries: u64,
}
