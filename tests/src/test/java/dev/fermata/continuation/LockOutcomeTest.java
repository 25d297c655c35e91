// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.Strategy;
import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of outcomes in CONTINUATIONS.md, cell by cell: monitors and locks. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LockOutcomeTest {
  private static final String ALL = "dev.fermata.continuation.Kinds#all";

  private final List<String> events = new ArrayList<>();
  private final Object monitor = new Object();

  private void underTheMonitor(SuspendCapability self) {
    synchronized (monitor) {
      self.suspend("under the monitor");
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aMonitorIsHeld(Strategy strategy) {
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              try {
                underTheMonitor(self);
              } catch (IllegalContinuationStateException refused) {
                self.suspend(refused);
              }
            });
    assertThat(continuation.resume()).isTrue();

    if (strategy == Strategy.CONTINUATION) {
      IllegalContinuationStateException refused =
          (IllegalContinuationStateException) continuation.value();
      assertThat(refused.frame().get().getMethodName()).isEqualTo("underTheMonitor");
      assertThat(refused)
          .hasMessageContaining("LockOutcomeTest.underTheMonitor(LockOutcomeTest.java:")
          .hasMessageContaining("holds a monitor")
          .hasMessageContaining("HANDOFF");
      assertThat(continuation.resume()).isFalse();
      return;
    }
    assertThat(continuation.value()).isEqualTo("under the monitor");
    Thread other = new Thread(this::enterTheMonitor);
    other.start();
    Waiting.until("blocked", () -> other.getState() == Thread.State.BLOCKED);
    events.add("resumed");
    assertThat(continuation.resume()).isFalse();
    Waiting.join(other);
    assertThat(events).containsExactly("resumed", "entered");
  }

  private void enterTheMonitor() {
    synchronized (monitor) {
      events.add("entered");
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void anInflatedMonitorIsHeld(Strategy strategy) throws InterruptedException {
    synchronized (monitor) {
      monitor.wait(1);
    }
    aMonitorIsHeld(strategy);
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aMonitorIsHeldAgainstThePromise(Strategy strategy) {
    Continuation continuation =
        Continuation.builder()
            .strategy(strategy)
            .live()
            .holdsNoMonitors()
            .build(
                self -> {
                  for (int i = 0; i < 10; i++) {
                    self.suspend(i);
                  }
                  try {
                    underTheMonitor(self);
                  } catch (IllegalContinuationStateException refused) {
                    self.suspend(refused.getMessage());
                  }
                });
    for (int i = 0; i < 10; i++) {
      continuation.resume();
      assertThat(continuation.value()).isEqualTo(i);
    }
    continuation.resume();
    assertThat((String) continuation.value())
        .contains(strategy == Strategy.CONTINUATION ? "holds a monitor" : "under the monitor");
    assertThat(continuation.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aLockIsHeld(Strategy strategy) {
    ReentrantLock lock = new ReentrantLock();
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              lock.lock();
              try {
                self.suspend();
              } finally {
                lock.unlock();
              }
            });
    continuation.resume();

    assertThat(lock.isLocked()).isTrue();
    // With CONTINUATION it is the caller's, as the thread is.
    assertThat(lock.isHeldByCurrentThread()).isEqualTo(strategy == Strategy.CONTINUATION);
    assertThat(continuation.resume()).isFalse();
    assertThat(lock.isLocked()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void theCallerHoldsAMonitor(Strategy strategy) {
    Continuation continuation = Kinds.live(strategy, SuspendCapability::suspend);
    Throwable thrown;
    synchronized (monitor) {
      thrown = catchThrowable(continuation::resume);
    }
    if (strategy == Strategy.HANDOFF || Kinds.JAVA < 24) {
      assertThat(thrown).isNull();
    } else {
      assertThat(thrown)
          .isInstanceOf(IllegalContinuationStateException.class)
          .hasMessageContaining("The caller of resume() holds a monitor")
          .hasMessageContaining("HANDOFF");
      assertThat(continuation.resume()).isTrue();
    }
    assertThat(continuation.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void aVirtualThreadThatHoldsAMonitorResumesIt(Strategy strategy) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Runnable code =
        () -> {
          try {
            theCallerHoldsAMonitor(strategy);
            aMonitorIsHeld(strategy);
            done.complete(null);
          } catch (Throwable failed) {
            done.completeExceptionally(failed);
          }
        };
    Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, code);
    done.join();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void errorsLeaveNothingBroken(Strategy strategy) {
    Continuation deep = Kinds.live(strategy, self -> recurse(self, 0));
    Throwable overflow = catchThrowable(deep::resume);
    assertThat(overflow).isInstanceOf(StackOverflowError.class);
    assertThat(deep.isCompleted()).isTrue();
    Continuation dying =
        Kinds.live(
            strategy,
            self -> {
              self.suspend();
              throw new LinkageError("on purpose");
            });
    dying.resume();
    assertThat(catchThrowable(dying::resume)).isInstanceOf(LinkageError.class);

    aLockIsHeld(strategy);
  }

  private static int recurse(SuspendCapability self, int depth) {
    return recurse(self, depth + 1) + 1;
  }
}
