// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The stress that told the strategies apart: actions that hold monitors and locks, wait for actions
 * that they started, contend with foreign threads and block, each doing only what its strategy
 * promises to survive. Nothing may hang, and no critical section may be entered twice at once.
 */
class SuspensionStressTest {
  private static final int ACTIONS = 200;
  private static final int STEPS = 10;

  static Stream<Arguments> runs() {
    return WorkingStrategies.all()
        .flatMap(strategy -> Stream.of(1L, 2L, 3L).map(seed -> Arguments.of(strategy, seed)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void actionsExcludeOneAnotherAndAllEnd(Strategy strategy, long seed) throws Exception {
    Section[] sections = Stream.generate(Section::new).limit(6).toArray(Section[]::new);
    try (Owner owner = new Owner(strategy);
        Contender contender = new Contender(sections)) {
      Random seeds = new Random(seed);
      for (int i = 0; i < ACTIONS; i++) {
        Random random = new Random(seeds.nextLong());
        owner.submit(action -> new Life(owner, action, strategy, sections, random).live());
      }

      owner.runAll();

      contender.stop();
      for (Section section : sections) {
        assertThat(section.violations).hasValue(0);
        assertThat(section.inside).isZero();
        assertThat(section.unguarded).isEqualTo(section.entries.get());
      }
      assertThat(owner.suspends).hasValueGreaterThan(ACTIONS);
      if (strategy == Strategy.VIRTUAL) {
        assertThat(owner.pinned).hasValue(0);
      } else {
        assertThat(owner.pinned).hasValueGreaterThan(ACTIONS);
      }
    }
  }

  /** Code that one thread of control may be in at a time: by its monitor or its lock, not both. */
  private static final class Section {
    final ReentrantLock lock = new ReentrantLock();
    final AtomicInteger violations = new AtomicInteger();
    final AtomicInteger entries = new AtomicInteger();
    int inside;
    int unguarded;

    void enter(boolean byMonitor, Runnable middle) {
      if (byMonitor) {
        synchronized (this) {
          run(middle);
        }
      } else {
        lock.lock();
        try {
          run(middle);
        } finally {
          lock.unlock();
        }
      }
    }

    private void run(Runnable middle) {
      if (inside++ != 0) {
        violations.incrementAndGet();
      }
      int before = unguarded;
      middle.run();
      unguarded = before + 1;
      entries.incrementAndGet();
      inside--;
    }
  }

  /** What one action does. */
  private static final class Life {
    private final Owner owner;
    private final Owner.Action action;
    private final boolean anythingGoes;
    private final Section[] sections;
    private final Random random;

    Life(Owner owner, Owner.Action action, Strategy strategy, Section[] sections, Random random) {
      this.owner = owner;
      this.action = action;
      this.anythingGoes = strategy == Strategy.VIRTUAL;
      this.sections = sections;
      this.random = random;
    }

    void live() {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(6)) {
          case 0:
            inMonitor(this::call);
            break;
          case 1:
            // A child that is waited for in place could not run.
            inMonitor(anythingGoes ? this::awaitChild : this::call);
            break;
          case 2:
            // A lock held across a suspend excludes nobody, or stops the owner, but for virtual.
            inLock(anythingGoes ? this::awaitChild : Thread::yield);
            break;
          case 3:
            awaitChild();
            break;
          case 4:
            block();
            break;
          default:
            call();
        }
      }
    }

    private void inMonitor(Runnable middle) {
      sections[random.nextInt(sections.length / 2)].enter(true, middle);
    }

    private void inLock(Runnable middle) {
      sections[sections.length / 2 + random.nextInt(sections.length / 2)].enter(false, middle);
    }

    private void awaitChild() {
      long expected = random.nextLong();
      long[] result = new long[1];
      Owner.Action child = owner.submit(inner -> result[0] = inner.call(() -> expected));
      action.await(child.end());
      assertThat(result[0]).isEqualTo(expected);
    }

    private void block() {
      try {
        TimeUnit.MICROSECONDS.sleep(random.nextInt(500));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private void call() {
      int expected = random.nextInt();
      assertThat(action.<Integer>call(() -> expected)).isEqualTo(expected);
    }
  }

  /** A thread that is no action and wants the same monitors and locks. */
  private static final class Contender implements AutoCloseable {
    private final Thread thread;
    private volatile boolean stopped;

    Contender(Section[] sections) {
      thread =
          new Thread(
              () -> {
                for (int i = 0; !stopped; i++) {
                  int next = i % sections.length;
                  sections[next].enter(next < sections.length / 2, Thread::yield);
                  Thread.yield();
                }
              },
              "contender");
      thread.start();
    }

    void stop() throws InterruptedException {
      stopped = true;
      thread.join();
    }

    @Override
    public void close() {
      stopped = true;
    }
  }
}
