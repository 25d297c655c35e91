// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.FermataException;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Futures that are kept for long keep nothing but their results. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeptFutureTest {
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static final int WAITS = 20;

  @Parameter Setup setup;
  private final CountDownLatch gate = new CountDownLatch(1);
  private ActionLoop loop;

  @BeforeEach
  void open() {
    loop =
        setup.build(ActionLoop.builder().name("kept-" + NAMES.incrementAndGet()).asyncThreads(1));
  }

  @AfterEach
  void close() {
    gate.countDown();
    loop.close();
  }

  /** Big enough that nobody overlooks it. */
  private static final class Request {
    private final byte[] body = new byte[1 << 20];

    int size() {
      return body.length;
    }
  }

  @Test
  void ofACallOfNoAction() throws Exception {
    Request request = new Request();
    WeakReference<Request> seen = new WeakReference<>(request);
    CompletableFuture<Integer> future = loop.executor().submit(sizeOf(request));
    request = null;

    assertKeepsOnlyItsResult(future, seen);
  }

  @Test
  void ofACallOfAnAction() throws Exception {
    Request request = new Request();
    WeakReference<Request> seen = new WeakReference<>(request);
    Supplier<Integer> size = sizeOf(request);
    CompletableFuture<CompletableFuture<Integer>> submitted = submitByAction(size);
    CompletableFuture<Integer> future = get(submitted);
    request = null;
    size = null;
    submitted = null;

    assertKeepsOnlyItsResult(future, seen);
  }

  private CompletableFuture<CompletableFuture<Integer>> submitByAction(Supplier<Integer> size) {
    return loop.submit(
        scope -> {
          CompletableFuture<Integer> call = scope.submit(size);
          call.join();
          return call;
        });
  }

  @Test
  void ofAnAction() throws Exception {
    Request request = new Request();
    WeakReference<Request> seen = new WeakReference<>(request);
    CompletableFuture<Integer> future = loop.submit(action(request));
    request = null;

    assertKeepsOnlyItsResult(future, seen);
  }

  @Test
  void ofACallThatWasCancelledBeforeItBegan() throws Exception {
    loop.executor()
        .submit(
            () -> {
              Waiting.await(gate);
              return null;
            });
    Request request = new Request();
    WeakReference<Request> seen = new WeakReference<>(request);
    CompletableFuture<Integer> future = loop.executor().submit(sizeOf(request));
    request = null;
    future.cancel(true);

    assertCollected(seen);
    Reference.reachabilityFence(future);
  }

  @Test
  void aWaitThatTimedOutLeavesNothingOnWhatItWaitedFor() throws Exception {
    CompletableFuture<Void> call =
        loop.executor()
            .submit(
                () -> {
                  Waiting.await(gate);
                  return null;
                });
    CompletableFuture<Void> stage = new CompletableFuture<>();
    get(
        loop.submit(
            scope -> {
              for (int i = 0; i < WAITS; i++) {
                assertThatThrownBy(() -> call.get(1, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
                assertThatThrownBy(() -> scope.await(stage, Duration.ofMillis(1)))
                    .isInstanceOf(FermataException.class);
              }
              return null;
            }));

    assertThat(call.getNumberOfDependents()).isZero();
    assertThat(stage.getNumberOfDependents()).isZero();
  }

  private static Supplier<Integer> sizeOf(Request request) {
    return request::size;
  }

  private static ActionLoop.Action<Integer> action(Request request) {
    return scope -> request.size();
  }

  private static void assertKeepsOnlyItsResult(
      CompletableFuture<Integer> future, WeakReference<Request> request) throws Exception {
    assertThat(get(future)).isEqualTo(1 << 20);
    assertCollected(request);
    assertThat(future).isCompletedWithValue(1 << 20);
  }

  private static void assertCollected(WeakReference<Request> request) {
    Waiting.until(
        "the request is collected",
        () -> {
          System.gc();
          return request.get() == null;
        });
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
