// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The shipped cdylib: JNI_OnLoad and nothing else.
