// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.FermataExecutorMXBean;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** Threads of Fermata that tasks run on. Thread-safe; closed once, when nothing more comes. */
interface TaskRunner {
  /**
   * Runs a body that does not throw, some time.
   *
   * @return cancelling it keeps the body from beginning, or interrupts it
   * @throws RejectedExecutionException if there is no room for it
   */
  CompletableFuture<Void> run(Runnable body);

  /**
   * Takes no body any more.
   *
   * @return to be run, at the same time if there are several: each interrupts bodies, and waits for
   *     their threads as long as a close timeout allows
   */
  List<Runnable> close();

  /** Returns what its engines do, as far as there are any by now. */
  List<FermataExecutorMXBean> metrics();
}
