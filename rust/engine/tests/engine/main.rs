// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The engine through its facade, with real threads and a host of the test's making.
#![allow(missing_docs)]

mod calls;
mod closing;
mod common;
mod workers;
