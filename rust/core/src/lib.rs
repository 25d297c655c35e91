// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Context machine, call slots, worker pool and completion port: no JNI, no tokio.
