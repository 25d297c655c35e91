// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Timers on tokio.
