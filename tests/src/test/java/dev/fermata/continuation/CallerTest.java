// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import dev.fermata.testing.InitialiserCode;
import dev.fermata.testing.Waiting;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the code of a continuation has of the thread that resumes it, above all a virtual one. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallerTest {
  private static final String ALL = "dev.fermata.continuation.Kinds#all";

  private final Object monitor = new Object();
  private int inside;

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void codeThatAVirtualThreadResumesBlocksUnderAMonitor(Strategy strategy) throws Exception {
    onVirtualThread(
            () -> {
              Continuation continuation =
                  Kinds.live(
                      strategy,
                      self -> {
                        sleepUnderTheMonitor();
                        self.suspend("slept");
                        sleepUnderTheMonitor();
                      });
              assertThat(continuation.resume()).isTrue();
              assertThat(continuation.value()).isEqualTo("slept");
              assertThat(continuation.resume()).isFalse();
            })
        .join();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void codeThatVirtualThreadsResumeSharesAMonitor(Strategy strategy) throws Exception {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(
          onVirtualThread(
              () -> {
                Continuation continuation =
                    Kinds.live(
                        strategy,
                        self -> {
                          for (int k = 0; k < 20; k++) {
                            sleepUnderTheMonitor();
                          }
                          self.suspend();
                        });
                assertThat(continuation.resume()).isTrue();
                assertThat(continuation.resume()).isFalse();
              }));
    }
    for (CompletableFuture<Void> one : all) {
      one.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private void sleepUnderTheMonitor() {
    synchronized (monitor) {
      assertThat(inside++).isZero();
      sleepAMillisecond();
      inside--;
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void codeThatAVirtualThreadResumesBlocksInAClassInitialiser(Strategy strategy) throws Exception {
    Class<?> fresh = InitialiserCode.freshClass();
    InitialiserCode.set(
        () -> {
          sleepAMillisecond();
          return "initialised";
        });
    onVirtualThread(
            () -> {
              Continuation continuation =
                  Kinds.live(
                      strategy,
                      self -> {
                        try {
                          self.suspend(fresh.getMethod("value").invoke(null));
                        } catch (ReflectiveOperationException failed) {
                          throw new AssertionError(failed);
                        }
                      });
              assertThat(continuation.resume()).isTrue();
              assertThat(continuation.value()).isEqualTo("initialised");
              continuation.close();
            })
        .join();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void anInterruptOfTheCallerReachesTheCodeAndIsConsumed(Strategy strategy) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    CountDownLatch blocked = new CountDownLatch(1);
    Thread caller = new Thread(() -> complete(done, () -> interrupted(strategy, blocked)));
    caller.start();
    Waiting.await(blocked);
    // One that comes while a virtual thread leaves its caller may come to both.
    Waiting.until(
        "waiting",
        () ->
            caller.getState() == Thread.State.WAITING
                || caller.getState() == Thread.State.TIMED_WAITING);
    caller.interrupt();
    done.join();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void anInterruptOfAVirtualCallerReachesTheCodeAndIsConsumed(Strategy strategy) throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    CompletableFuture<Thread> caller = new CompletableFuture<>();
    CompletableFuture<Void> done =
        onVirtualThread(
            () -> {
              caller.complete(Thread.currentThread());
              interrupted(strategy, blocked);
            });
    Waiting.await(blocked);
    caller.join().interrupt();
    done.join();
  }

  private static void interrupted(Strategy strategy, CountDownLatch blocked) {
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              blocked.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException consumed) {
                self.suspend("interrupted");
              }
            });
    assertThat(continuation.resume()).isTrue();
    assertThat(continuation.value()).isEqualTo("interrupted");
    boolean left = Thread.interrupted();
    // A carrier below the virtual caller cannot be seen to wait.
    if (strategy != Strategy.VIRTUAL || Thread.currentThread().getClass() == Thread.class) {
      assertThat(left).as("the code has consumed the interrupt").isFalse();
    }
    assertThat(continuation.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void theCodeHasTheContextClassLoaderOfItsCaller(Strategy strategy) {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    ClassLoader own = new URLClassLoader(new URL[0], before);
    Thread.currentThread().setContextClassLoader(own);
    try {
      assertThat(loaderSeen(strategy)).isSameAs(own);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
    assertThat(loaderSeen(strategy)).isSameAs(before);
  }

  private static ClassLoader loaderSeen(Strategy strategy) {
    try (Continuation continuation =
        Kinds.live(
            strategy, self -> self.suspend(Thread.currentThread().getContextClassLoader()))) {
      continuation.resume();
      return (ClassLoader) continuation.value();
    }
  }

  private static CompletableFuture<Void> onVirtualThread(Runnable code) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Runnable reporting = () -> complete(done, code);
    Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, reporting);
    return done;
  }

  private static void complete(CompletableFuture<Void> done, Runnable code) {
    try {
      code.run();
      done.complete(null);
    } catch (Throwable failed) {
      done.completeExceptionally(failed);
    }
  }

  private static void sleepAMillisecond() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
