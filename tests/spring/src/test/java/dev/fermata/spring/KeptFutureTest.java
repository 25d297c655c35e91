// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Futures that are kept for long, in a cache say, keep their results and not what made them. */
class KeptFutureTest extends OnFermata {
  private FermataTaskExecutor executor;

  @BeforeEach
  void open() {
    executor = (FermataTaskExecutor) kind.executor(THREADS, QUEUE, null);
    opened(executor);
  }

  @Test
  void ofATask() throws Exception {
    byte[] request = new byte[1 << 20];
    WeakReference<byte[]> seen = new WeakReference<>(request);
    CompletableFuture<Integer> future = executor.submitCompletable(sizeOf(request));
    request = null;

    assertKeepsOnlyItsResult(future, seen);
  }

  @Test
  void ofAnAction() throws Exception {
    byte[] request = new byte[1 << 20];
    WeakReference<byte[]> seen = new WeakReference<>(request);
    CompletableFuture<Integer> future = executor.submitAction(sizeOf(request));
    request = null;

    assertKeepsOnlyItsResult(future, seen);
  }

  private static Callable<Integer> sizeOf(byte[] request) {
    return () -> request.length;
  }

  private static void assertKeepsOnlyItsResult(
      CompletableFuture<Integer> future, WeakReference<byte[]> request) throws Exception {
    assertThat(Waiting.get(future)).isEqualTo(1 << 20);
    Waiting.until(
        "the request is collected",
        () -> {
          System.gc();
          return request.get() == null;
        });
    assertThat(future).isCompletedWithValue(1 << 20);
  }
}
