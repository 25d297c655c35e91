// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Exchanges with servers on the loopback interface that behave, and with some that do not.

mod admission;
mod failures;
mod flow;
mod pooling;
mod proxies;
mod rig;
mod servers;
mod shutdown;
mod tls;
