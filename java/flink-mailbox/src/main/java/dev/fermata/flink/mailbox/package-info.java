// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The mailbox of a Flink task as the owner of actions: what the drop-in for Flink Agents and the
 * keyed operator share.
 */
package dev.fermata.flink.mailbox;
