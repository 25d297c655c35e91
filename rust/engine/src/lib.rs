// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The sole facade over core and io.
