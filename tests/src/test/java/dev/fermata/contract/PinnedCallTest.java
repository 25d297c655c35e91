// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.CapturedLog;
import dev.fermata.ContinuationContext;
import dev.fermata.internal.observe.PinnedSites;
import dev.fermata.testing.Driver;
import dev.fermata.testing.InitialiserCode;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls where the action cannot be suspended: under a monitor, in a class initialiser. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#suspending")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PinnedCallTest {
  @Parameter Setup setup;
  private final Object monitor = new Object();
  private Driver driver;

  @BeforeEach
  void open() {
    driver = new Driver(setup);
  }

  @AfterEach
  void close() {
    driver.close();
  }

  @Test
  void underAMonitorTheSupplierRunsOnTheActionsOwnThread() {
    boolean sameThread =
        driver.run(
            context -> {
              Thread action = Thread.currentThread();
              synchronized (monitor) {
                return call(context, () -> Thread.currentThread() == action);
              }
            });

    assertThat(sameThread).isEqualTo(pinnedByMonitors());
    assertThat(driver.bean().getPinnedCalls()).isEqualTo(pinnedByMonitors() ? 1 : 0);
  }

  @Test
  void underAMonitorTheSupplierMayEnterItAgain() {
    if (!pinnedByMonitors()) {
      return;
    }
    List<String> values =
        driver.run(
            context -> {
              synchronized (monitor) {
                Supplier<String> reentrant =
                    () -> {
                      synchronized (monitor) {
                        return "entered";
                      }
                    };
                call(context, reentrant);
                driver.executor().sleep(context, Duration.ofMillis(1));
                return driver.executor().gather(context, List.of(reentrant, reentrant));
              }
            });

    assertThat(values).containsExactly("entered", "entered");
    assertThat(driver.bean().getPinnedCalls()).isEqualTo(3);
  }

  @Test
  void aMonitorThatIsHeldByNobodyAnyMorePinsNothing() {
    driver.run(
        context -> {
          synchronized (monitor) {
            monitor.hashCode();
          }
          return call(context, () -> 1);
        });

    assertThat(driver.bean().getPinnedCalls()).isZero();
  }

  @Test
  void synchronizedMethodsAndJdkCallbacksUnderALockAreMonitorsToo() {
    ConcurrentHashMap<String, String> map = new ConcurrentHashMap<>();

    driver.run(
        context -> {
          synchronizedCall(context);
          return map.computeIfAbsent("key", key -> call(context, () -> key));
        });

    assertThat(map).containsEntry("key", "key");
    assertThat(driver.bean().getPinnedCalls()).isEqualTo(pinnedByMonitors() ? 2 : 0);
  }

  private synchronized void synchronizedCall(ContinuationContext context) {
    call(context, () -> 1);
  }

  @Test
  void aPinnedCallSiteIsLoggedOnce() {
    try (CapturedLog log = CapturedLog.of(PinnedSites.class)) {
      for (int i = 0; i < 3; i++) {
        driver.run(this::callAtOneSite);
      }

      if (pinnedByMonitors()) {
        assertThat(log.lines()).hasSize(1);
        assertThat(log.lines().get(0))
            .startsWith("WARN ")
            .contains("PinnedCallTest")
            .contains("monitor");
        assertThat(driver.bean().getPinnedCalls()).isEqualTo(3);
      } else {
        assertThat(log.lines()).isEmpty();
      }
    }
  }

  private synchronized Integer callAtOneSite(ContinuationContext context) {
    return driver.executor().executeAsync(context, () -> 1);
  }

  /** Fast-locked and inflated monitors, each with a call inside: no other action is let in. */
  @Test
  void noOtherActionEntersAMonitorWhileItsHolderWaits() {
    Object inflated = new Object();
    synchronized (inflated) {
      inflated.notifyAll();
    }
    inflated.hashCode();
    for (Object lock : List.of(new Object(), inflated)) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      int[] sum = new int[1];
      for (int i = 0; i < 100; i++) {
        driver.start(
            context -> {
              for (int round = 0; round < 3; round++) {
                call(context, () -> 1);
                synchronized (lock) {
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  int before = sum[0];
                  int term = call(context, () -> 1);
                  sum[0] = before + term;
                  inside.decrementAndGet();
                }
              }
            });
      }
      driver.finish();

      assertThat(most).as("actions inside the monitor at once").hasValue(1);
      assertThat(sum[0]).as("updates under the monitor").isEqualTo(300);
    }
  }

  @Test
  void aSupplierThatThrowsUnderAMonitorFailsItsAction() {
    IllegalStateException thrown = new IllegalStateException("in place");

    Throwable caught =
        driver.failureOf(
            context -> {
              synchronized (monitor) {
                call(
                    context,
                    () -> {
                      throw thrown;
                    });
              }
            });

    assertThat(caught).isSameAs(thrown);
    assertThat(caught.getSuppressed()).hasSize(1);
    assertThat(Thread.holdsLock(monitor)).isFalse();
  }

  @Test
  void aCallOfAClassInitialiserRunsInPlace() {
    Class<?> fresh = InitialiserCode.freshClass();

    String value =
        driver.run(
            context -> {
              InitialiserCode.set(() -> call(context, () -> "of the initialiser"));
              try {
                return (String) fresh.getMethod("value").invoke(null);
              } catch (ReflectiveOperationException failed) {
                throw new AssertionError(failed);
              }
            });

    assertThat(value).isEqualTo("of the initialiser");
    assertThat(driver.bean().getPinnedCalls()).isEqualTo(pinnedByMonitors() ? 1 : 0);
  }

  /** The documented limit: such a lock belongs to a thread, and whose thread that is differs. */
  @Test
  void aReentrantLockHeldAcrossACallExcludesOnlyActionsOfOtherThreads() {
    ReentrantLock lock = new ReentrantLock();
    CountDownLatch release = new CountDownLatch(1);
    AtomicBoolean entered = new AtomicBoolean();
    driver.start(
        context -> {
          lock.lock();
          try {
            call(context, () -> waitFor(release));
          } finally {
            lock.unlock();
          }
        });
    driver.start(
        context -> {
          if (lock.tryLock()) {
            entered.set(true);
            lock.unlock();
          }
        });
    release.countDown();
    driver.finish();

    assertThat(entered.get()).isEqualTo(setup == Setup.CONTINUATION);
    assertThat(lock.isLocked()).isFalse();
    assertThat(driver.bean().getPinnedCalls()).isZero();
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }

  private <T> T call(ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().executeAsync(context, supplier);
  }

  /** With VIRTUAL an action is suspended with its monitors, which stay its own. */
  private boolean pinnedByMonitors() {
    return setup != Setup.VIRTUAL;
  }
}
