// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The shipped library plus fault injection, for tests only.
