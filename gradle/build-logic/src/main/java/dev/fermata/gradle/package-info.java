// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * How Fermata's modules are built with Gradle. One plugin for each kind of module; what differs
 * between two modules of a kind stands in their build files. All of it is configuration: stateless,
 * called by Gradle on its own threads.
 */
package dev.fermata.gradle;
