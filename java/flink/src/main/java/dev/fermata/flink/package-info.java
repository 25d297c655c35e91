// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/** Keyed functions for Flink's DataStream API, written as straight-line blocking code. */
package dev.fermata.flink;
