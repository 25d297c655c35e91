// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

/**
 * What has to have happened to a record before it is acknowledged; each level includes those
 * before.
 */
public enum Level {
  /**
   * It waits in memory to be written: lost if the process ends first. Whatever is appended after it
   * and reaches a higher level takes it along.
   */
  MEMORY,
  /** The operating system has it: it outlives the process, not the machine. */
  OS,
  /** It is durable: it outlives the machine's loss of power. */
  DISK
}
