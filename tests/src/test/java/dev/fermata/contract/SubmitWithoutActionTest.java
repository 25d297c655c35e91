// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionScope;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Waiting;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** Calls of no action: threads that run none hand suppliers to the workers. */
class SubmitWithoutActionTest extends SubmittedCalls {
  @Test
  void manyThreadsSubmitAtOnce() throws Exception {
    int threads = 8;
    int calls = 50;
    CyclicBarrier together = new CyclicBarrier(threads);
    Queue<CompletableFuture<Integer>> futures = new ConcurrentLinkedQueue<>();
    List<Thread> submitters = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread submitter =
          new Thread(
              () -> {
                Waiting.await(together);
                for (int call = 0; call < calls; call++) {
                  futures.add(submit(() -> 1));
                }
              });
      submitter.start();
      submitters.add(submitter);
    }
    submitters.forEach(Waiting::join);

    assertThat(futures).hasSize(threads * calls);
    for (CompletableFuture<Integer> call : futures) {
      assertThat(get(call)).isOne();
    }
    assertThat(driver.bean().getCompletedCalls()).isEqualTo(threads * calls);
  }

  @Test
  void workersMayStayForEver() throws Exception {
    try (Driver keeping =
        new Driver(setup, options -> options.keepAlive(ChronoUnit.FOREVER.getDuration()))) {
      assertThat(get(keeping.executor().submit(() -> 1))).isOne();
    }
  }

  @Test
  void aSupplierRunsOnAWorkerUnderWhatSurroundsTheCaller() throws Exception {
    Thread caller = Thread.currentThread();
    ClassLoader before = caller.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[0], before)) {
      caller.setContextClassLoader(loader);
      MDC.put("request", "7");
      try {
        CompletableFuture<String> mdc = submit(() -> MDC.get("request"));
        CompletableFuture<ClassLoader> seen =
            submit(() -> Thread.currentThread().getContextClassLoader());
        CompletableFuture<Boolean> onWorker = submit(() -> Thread.currentThread() != caller);

        assertThat(get(mdc)).isEqualTo("7");
        assertThat(get(seen)).isSameAs(loader);
        assertThat(get(onWorker)).isTrue();
      } finally {
        MDC.clear();
        caller.setContextClassLoader(before);
      }
      assertThat(get(submit(() -> MDC.get("request") == null))).as("nothing is left").isTrue();
    }
  }

  @Test
  void theFailureIsThatOfTheSupplier() {
    IllegalArgumentException failure = new IllegalArgumentException("no such order");
    CompletableFuture<Object> call =
        submit(
            () -> {
              throw failure;
            });

    assertThatThrownBy(() -> get(call))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
    assertThatThrownBy(call::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void itHasNoActionAndOutlivesTheOneThatSubmitsIt() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Boolean> call =
        driver.run(
            context -> {
              assertThat(ActionScope.current()).isPresent();
              return submit(() -> after(release, ActionScope.current().isPresent()));
            });
    assertThat(call).isNotDone();
    release.countDown();

    assertThat(get(call)).as("a scope inside a call of no action").isFalse();
  }

  @Test
  void aFullQueueRefusesOneMoreAndLosesNoOther() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicBoolean ran = new AtomicBoolean();
    try (Driver narrow = new Driver(setup, builder -> builder.asyncThreads(1).queueCapacity(1))) {
      CompletableFuture<Integer> first =
          narrow.executor().submit(() -> signalAndAfter(running, release, 1));
      Waiting.await(running);
      CompletableFuture<Integer> second = narrow.executor().submit(() -> 2);

      assertRefused(narrow, () -> ran.getAndSet(true), ErrorKind.QUEUE_FULL);
      assertThat(narrow.bean().getBackpressuredCalls()).isOne();
      assertThat(narrow.gauges().inFlight()).isEqualTo(2);
      release.countDown();
      assertThat(get(first) + get(second)).isEqualTo(3);
      assertThat(get(narrow.executor().submit(() -> 3))).isEqualTo(3);
    }
    assertThat(ran).isFalse();
  }

  @Test
  void oneCallMoreThanTheTableHoldsIsRefused() throws Exception {
    if (!setup.suspends()) {
      return; // its calls are bounded by the queue alone
    }
    CountDownLatch release = new CountDownLatch(1);
    try (Driver small = new Driver(setup, builder -> builder.asyncThreads(1).maxCalls(2))) {
      List<CompletableFuture<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        calls.add(small.executor().submit(() -> after(release, 1)));
      }

      assertRefused(small, () -> 1, ErrorKind.TOO_MANY_CALLS);
      release.countDown();
      for (CompletableFuture<Integer> call : calls) {
        assertThat(get(call)).isOne();
      }
      assertThat(get(small.executor().submit(() -> 5))).isEqualTo(5);
    }
  }

  @Test
  void cancellingInterruptsWhatRunsAndSkipsWhatWaits() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    AtomicInteger ran = new AtomicInteger();
    try (Driver single = new Driver(setup, builder -> builder.asyncThreads(1))) {
      CompletableFuture<Object> first =
          single.executor().submit(() -> signalAndWait(running, interrupted));
      Waiting.await(running);
      CompletableFuture<Integer> second = single.executor().submit(ran::incrementAndGet);

      assertThat(second.cancel(true)).isTrue();
      assertThat(first.cancel(true)).isTrue();
      Waiting.await(interrupted);
      assertThat(get(single.executor().submit(() -> 5))).isEqualTo(5);

      assertThat(first).isCancelled();
      assertThat(second).isCancelled();
    }
    assertThat(ran).hasValue(0);
  }

  @Test
  void theDefaultDeadlineHoldsForIt() {
    try (Driver hasty = new Driver(setup, builder -> builder.defaultDeadline(SOON))) {
      assertFailed(hasty.executor().submit(() -> after(never, 1)), ErrorKind.TIMED_OUT);
    }
  }

  @Test
  void closeAbortsWhatRunsAndWhatWaits() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    AtomicBoolean begun = new AtomicBoolean();
    List<CompletableFuture<?>> calls = new ArrayList<>();
    try (Driver single = new Driver(setup, builder -> builder.asyncThreads(1))) {
      calls.add(single.executor().submit(() -> signalAndWait(running, interrupted)));
      Waiting.await(running);
      calls.add(single.executor().submit(() -> begun.getAndSet(true)));
    }

    Waiting.await(interrupted);
    for (CompletableFuture<?> call : calls) {
      assertThatThrownBy(() -> get(call))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(ActionAbortedError.class);
    }
    assertThat(begun).isFalse();
  }

  @Test
  void afterCloseItIsRefused() {
    driver.executor().close();

    assertThatThrownBy(() -> submit(() -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private <T> CompletableFuture<T> submit(Supplier<T> supplier) {
    return driver.executor().submit(supplier);
  }

  private static <T> T signalAndAfter(CountDownLatch running, CountDownLatch release, T value) {
    running.countDown();
    return after(release, value);
  }

  private static void assertRefused(Driver driver, Supplier<?> supplier, ErrorKind kind) {
    assertThatThrownBy(() -> driver.executor().submit(supplier))
        .isInstanceOfSatisfying(
            FermataException.class, thrown -> assertThat(thrown.kind()).isEqualTo(kind));
  }

  private static <T> T get(CompletableFuture<T> call) throws Exception {
    return call.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
