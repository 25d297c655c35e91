// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import java.lang.reflect.Constructor;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Actions as virtual threads, where the JDK allows it; elsewhere these tests have no runs. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualStrategyTest {
  private static final String VIRTUAL = "dev.fermata.internal.strategy.WorkingStrategies#virtual";

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(VIRTUAL)
  void anyBlockingCallSuspendsAlsoUnderAMonitor(Strategy kind) throws Exception {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    SynchronousQueue<String> queue = new SynchronousQueue<>();
    Semaphore runnable = new Semaphore(0);
    List<String> events = new ArrayList<>();
    SuspendableAction action =
        strategy.start(
            () -> {
              synchronized (events) {
                events.add("before");
                try {
                  events.add(queue.take());
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              }
            },
            runnable::release);

    assertThat(action.runSlice()).isFalse();
    assertThat(events).containsExactly("before");
    assertThat(runnable.tryAcquire()).isFalse();
    assertThat(action.runSlice()).as("a slice nobody asked for").isFalse();

    Thread giver = new Thread(() -> offer(queue, "given"));
    giver.start();
    runnable.acquire();
    assertThat(action.runSlice()).isTrue();

    assertThat(events).containsExactly("before", "given");
    giver.join();
    strategy.close();
  }

  private static void offer(SynchronousQueue<String> queue, String value) {
    try {
      queue.put(value);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(VIRTUAL)
  void anActionThatWantsTheMonitorOfASuspendedOneIsSuspendedToo(Strategy kind) throws Exception {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    Object monitor = new Object();
    List<String> events = new ArrayList<>();
    Semaphore secondRunnable = new Semaphore(0);
    SuspendableAction[] first = new SuspendableAction[1];
    first[0] =
        strategy.start(
            () -> {
              synchronized (monitor) {
                first[0].suspend();
                events.add("first leaves");
              }
            },
            () -> {});
    SuspendableAction second =
        strategy.start(
            () -> {
              synchronized (monitor) {
                events.add("second enters");
              }
            },
            secondRunnable::release);

    assertThat(first[0].runSlice()).isFalse();
    assertThat(second.runSlice()).isFalse();
    first[0].wake();
    assertThat(first[0].runSlice()).isTrue();
    secondRunnable.acquire();
    assertThat(second.runSlice()).isTrue();

    assertThat(events).containsExactly("first leaves", "second enters");
    strategy.close();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(VIRTUAL)
  void interruptsOfTheOwnerAreNotLost(Strategy kind) {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    Interrupts interrupts = new Interrupts(Thread.currentThread(), 5_000);
    SuspendableAction[] action = new SuspendableAction[1];
    boolean[] over = new boolean[1];
    action[0] =
        strategy.start(
            () -> {
              while (!over[0]) {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                action[0].suspend();
              }
            },
            () -> {});
    int seen = 0;

    while (interrupts.next(seen)) {
      action[0].wake();
      action[0].runSlice();
      if (Thread.interrupted()) {
        seen++;
      }
    }
    over[0] = true;
    action[0].wake();

    assertThat(action[0].runSlice()).isTrue();
    assertThat(seen).isGreaterThanOrEqualTo(5_000);
    strategy.close();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(VIRTUAL)
  void anInterruptThatIsToldAfterTheSliceIsSentAgainIfItsStatusWasCleared(Strategy kind)
      throws Exception {
    Constructor<?> constructor =
        Class.forName("dev.fermata.internal.strategy.OwnerInterrupts")
            .getDeclaredConstructor(Thread.class);
    constructor.setAccessible(true);
    Selector told = (Selector) constructor.newInstance(Thread.currentThread());

    told.wakeup();

    assertThat(Thread.interrupted()).isTrue();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(VIRTUAL)
  void wakingAgainAndAgainFromManyThreadsLosesNothing(Strategy kind) throws Exception {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    Semaphore runnable = new Semaphore(0);
    SuspendableAction[] action = new SuspendableAction[1];
    int[] waits = new int[1];
    boolean[] over = new boolean[1];
    action[0] =
        strategy.start(
            () -> {
              while (!over[0]) {
                waits[0]++;
                action[0].suspend();
              }
            },
            runnable::release);
    action[0].runSlice();
    CountDownLatch wakersLeft = new CountDownLatch(3);
    for (int i = 0; i < 3; i++) {
      new Thread(
              () -> {
                for (int n = 0; n < 5_000; n++) {
                  action[0].wake();
                }
                wakersLeft.countDown();
              })
          .start();
    }

    int slices = 0;
    while (wakersLeft.getCount() > 0 || runnable.availablePermits() > 0) {
      if (runnable.tryAcquire()) {
        assertThat(action[0].runSlice()).isFalse();
        slices++;
      }
    }
    assertThat(slices).isPositive();
    over[0] = true;
    action[0].wake();
    runnable.acquire();
    assertThat(action[0].runSlice()).isTrue();
    assertThat(waits[0]).isGreaterThanOrEqualTo(slices);
    strategy.close();
  }
}
