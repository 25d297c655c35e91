// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

/** How the tasks of a {@link FermataTaskExecutor} run. */
public enum TaskMode {
  /**
   * A task holds a worker thread from its beginning to its end, as with a pool: for code that
   * blocks as it always has.
   */
  CALL,

  /**
   * A task is an action: where it waits by Fermata (a {@code NativeHttpClient}, an {@link
   * dev.fermata.ActionScope}, futures of a {@link FermataTaskExecutor}, {@code @Async} methods with
   * plain return values; on Java 24 and later by any blocking code) another one runs. Tasks share a
   * few threads, one after another: one that computes for long, or before Java 24 blocks in another
   * way, holds up those of its loop.
   */
  ACTION
}
