// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Journals on shared storage over the attempts of a Flink job: what the keyed operator and the
 * store for Flink Agents share.
 */
package dev.fermata.flink.journal;
