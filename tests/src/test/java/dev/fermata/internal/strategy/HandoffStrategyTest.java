// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.CapturedLog;
import dev.fermata.Strategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Carrier threads: their lives, the waiting owner, its interrupts. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandoffStrategyTest {
  private SuspensionStrategy strategy = WorkingStrategies.create(Strategy.HANDOFF);

  @AfterEach
  void close() {
    strategy.close();
  }

  @Test
  void carriersAreNamedDaemonsThatServeOneActionAfterAnotherUntilClose() throws Exception {
    List<Thread> carriers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      strategy.start(() -> carriers.add(Thread.currentThread()), () -> {}).runSlice();
      awaitParked(carriers.get(i));
    }

    assertThat(carriers).containsOnly(carriers.get(0));
    Thread carrier = carriers.get(0);
    assertThat(carrier.getName()).matches("fermata-carrier-\\d+");
    assertThat(carrier.isDaemon()).isTrue();
    assertThat(carrier).isNotSameAs(Thread.currentThread());
    strategy.close();
    strategy.close();
    carrier.join();
  }

  @Test
  void aCarrierInUseEndsWithItsActionAfterClose() throws Exception {
    Thread[] carrier = new Thread[1];
    SuspendableAction[] action = new SuspendableAction[1];
    action[0] =
        strategy.start(
            () -> {
              carrier[0] = Thread.currentThread();
              action[0].suspend();
            },
            () -> {});
    action[0].runSlice();
    strategy.close();
    assertThat(carrier[0].isAlive()).isTrue();

    assertThat(action[0].runSlice()).isTrue();

    carrier[0].join();
  }

  @Test
  void anInterruptOfTheWaitingOwnerReachesTheActionThatBlocksIt() throws Exception {
    Thread owner = Thread.currentThread();
    boolean[] consumed = new boolean[1];
    SuspendableAction action =
        strategy.start(
            () -> {
              try {
                new SynchronousQueue<String>().take();
              } catch (InterruptedException e) {
                consumed[0] = true;
              }
            },
            () -> {});
    Thread interrupter =
        new Thread(
            () -> {
              awaitParked(owner);
              owner.interrupt();
            });
    interrupter.start();

    assertThat(action.runSlice()).isTrue();

    assertThat(consumed[0]).isTrue();
    assertThat(Thread.interrupted()).as("what the action consumed is gone").isFalse();
    interrupter.join();
  }

  @Test
  void anInterruptAfterTheEndDoesNotReachTheNextActionOfTheCarrier() {
    Thread[] carriers = new Thread[2];
    boolean[] interrupted = new boolean[1];
    SuspendableAction first = strategy.start(() -> carriers[0] = Thread.currentThread(), () -> {});
    first.runSlice();
    awaitParked(carriers[0]);
    SuspendableAction[] second = new SuspendableAction[1];
    second[0] =
        strategy.start(
            () -> {
              carriers[1] = Thread.currentThread();
              second[0].suspend();
              interrupted[0] = Thread.interrupted();
            },
            () -> {});
    second[0].runSlice();
    assertThat(carriers[1]).isSameAs(carriers[0]);

    first.interrupt();
    second[0].runSlice();

    assertThat(interrupted[0]).isFalse();
  }

  @Test
  void aLongWaitIsReportedOnceWithWhatTheCarrierWaitsForAndBothStacks() throws Exception {
    strategy = WorkingStrategies.choice(Strategy.HANDOFF).newStrategy(Duration.ofMillis(20));
    ReentrantLock lock = new ReentrantLock();
    CountDownLatch locked = new CountDownLatch(1);
    CountDownLatch reported = new CountDownLatch(1);
    Thread holder =
        new Thread(
            () -> {
              lock.lock();
              locked.countDown();
              try {
                reported.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              lock.unlock();
            },
            "holder");
    holder.start();
    locked.await();
    SuspendableAction action = strategy.start(() -> lockAndUnlock(lock), () -> {});

    try (CapturedLog log = CapturedLog.of(OwnerWait.class)) {
      Thread reader =
          new Thread(
              () -> {
                while (log.lines().isEmpty()) {
                  Thread.onSpinWait();
                }
                reported.countDown();
              });
      reader.start();
      assertThat(action.runSlice()).isTrue();
      reader.join();

      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("WARN Thread " + Thread.currentThread().getName() + " has waited 20 ms")
          .containsPattern("fermata-carrier-\\d+, which is WAITING on .*ReentrantLock")
          .contains("owned by holder", "lockAndUnlock", "aLongWaitIsReportedOnce");
    }
    holder.join();
  }

  private static void lockAndUnlock(ReentrantLock lock) {
    lock.lock();
    lock.unlock();
  }

  @Test
  void interruptsOfTheOwnerAreNeitherLostNorLeftOnACarrier() throws Exception {
    Thread owner = Thread.currentThread();
    SuspendableAction[] action = new SuspendableAction[1];
    int[] seenByAction = new int[1];
    boolean[] over = new boolean[1];
    action[0] =
        strategy.start(
            () -> {
              while (!over[0]) {
                if (Thread.interrupted()) {
                  seenByAction[0]++;
                }
                action[0].suspend();
              }
            },
            () -> {});
    Interrupts interrupts = new Interrupts(owner, 2_000);
    int seenByOwner = 0;

    while (interrupts.next(seenByOwner + seenByAction[0])) {
      action[0].runSlice();
      if (Thread.interrupted()) {
        seenByOwner++;
      }
    }
    over[0] = true;
    assertThat(action[0].runSlice()).isTrue();

    assertThat(seenByAction[0] + seenByOwner).isEqualTo(2_000);
    assertThat(Thread.interrupted()).isFalse();
  }

  private static void awaitParked(Thread thread) {
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      LockSupport.parkNanos(1_000);
    }
  }
}
