// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The JNI boundary: the only code that speaks JNI.
