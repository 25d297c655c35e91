// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The drop-in for Apache Flink Agents: its actions wait by Fermata. What Flink Agents itself calls
 * are the two classes in {@code org.apache.flink.agents.runtime.async}.
 */
package dev.fermata.flink.agents;
