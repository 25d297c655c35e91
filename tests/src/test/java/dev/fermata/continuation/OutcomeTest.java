// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fermata.ChildJvm;
import dev.fermata.Strategy;
import dev.fermata.testing.InitialiserCode;
import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of outcomes in CONTINUATIONS.md, cell by cell. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OutcomeTest {
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
          .hasMessageContaining("OutcomeTest.underTheMonitor(OutcomeTest.java:")
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
  void aNativeFrameIsInBetween(Strategy strategy) throws Exception {
    String output =
        new ChildJvm()
            .with("-Djdk.reflect.useNativeAccessorOnly=true")
            .run(UnderNativeFrame.class, strategy.name());
    if (strategy == Strategy.HANDOFF) {
      assertThat(output).contains("value: suspended").contains("ended");
    } else {
      assertThat(output)
          .contains("NativeAccessor.invoke0(")
          .contains("is native")
          .contains("ended");
    }
  }

  /** Suspends in what reflection calls; its argument is a strategy. */
  public static final class UnderNativeFrame {
    private UnderNativeFrame() {}

    public static void main(String[] arguments) {
      Continuation continuation =
          Kinds.live(
              Strategy.valueOf(arguments[0]),
              self -> {
                try {
                  UnderNativeFrame.class
                      .getMethod("called", SuspendCapability.class)
                      .invoke(null, self);
                } catch (ReflectiveOperationException failed) {
                  self.suspend(failed.getCause());
                }
              });
      continuation.resume();
      System.out.println("value: " + continuation.value());
      System.out.println(continuation.resume() ? "suspended again" : "ended");
    }

    public static void called(SuspendCapability self) {
      self.suspend("suspended");
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aClassInitialiserIsInBetween(Strategy strategy) {
    Class<?> fresh = InitialiserCode.freshClass();
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              InitialiserCode.set(() -> suspendOrSay(self));
              try {
                self.suspend(fresh.getMethod("value").invoke(null));
              } catch (ReflectiveOperationException failed) {
                throw new AssertionError(failed);
              }
            });
    continuation.resume();

    if (strategy == Strategy.HANDOFF) {
      assertThat(continuation.value()).isEqualTo("in the initialiser");
      continuation.resume();
      assertThat(continuation.value()).isEqualTo("went on");
    } else {
      assertThat((String) continuation.value())
          .contains("InitialisedByCall.<clinit>(")
          .contains("is a class initialiser");
    }
    assertThat(continuation.resume()).isFalse();
  }

  private static String suspendOrSay(SuspendCapability self) {
    try {
      self.suspend("in the initialiser");
      return "went on";
    } catch (IllegalContinuationStateException refused) {
      return refused.getMessage();
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void noResumeIsOnTheStack(Strategy strategy) throws InterruptedException {
    SuspendCapability[] leaked = new SuspendCapability[1];
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              leaked[0] = self;
              CompletableFuture<Throwable> elsewhere = new CompletableFuture<>();
              new Thread(() -> elsewhere.complete(catchThrowable(() -> self.suspend()))).start();
              self.suspend(elsewhere.join());
            });
    continuation.resume();
    assertThat((Throwable) continuation.value())
        .isInstanceOf(IllegalContinuationStateException.class)
        .hasMessageContaining("no resume()")
        .hasMessageContaining("OutcomeTest.java:");
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(() -> leaked[0].suspend());
    assertThat(continuation.resume()).isFalse();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(() -> leaked[0].once(() -> 1));
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void continuationsAreNested(Strategy strategy) {
    Continuation outer =
        Kinds.live(
            strategy,
            self -> {
              Continuation inner =
                  Kinds.live(
                      strategy,
                      own -> {
                        own.suspend("inner 1");
                        IllegalContinuationStateException refused =
                            catchThrowableOfType(
                                IllegalContinuationStateException.class, self::suspend);
                        own.suspend(refused.getMessage());
                      });
              while (inner.resume()) {
                self.suspend(inner.value());
              }
            });
    assertThat(outer.resume()).isTrue();
    assertThat(outer.value()).isEqualTo("inner 1");
    assertThat(outer.resume()).isTrue();
    assertThat((String) outer.value()).contains("no resume() of this continuation");
    assertThat(outer.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void itResumesItself(Strategy strategy) {
    Continuation[] own = new Continuation[1];
    own[0] =
        Kinds.live(
            strategy, self -> self.suspend(catchThrowable(() -> own[0].resume()).getMessage()));
    own[0].resume();
    assertThat((String) own[0].value()).contains("is running");
    assertThat(own[0].resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void otherThreadsResumeIt(Strategy strategy) {
    int[] count = new int[1];
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              for (; count[0] < 100; count[0]++) {
                self.suspend(count[0]);
              }
            });
    for (int i = 0; i < 100; i++) {
      int expected = i;
      Runnable step =
          () -> {
            assertThat(continuation.resume()).isTrue();
            assertThat(continuation.value()).isEqualTo(expected);
          };
      CompletableFuture.runAsync(step, code -> new Thread(code).start()).join();
    }
    assertThat(continuation.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void virtualThreadsResumeIt(Strategy strategy) throws Exception {
    List<Object> values = new ArrayList<>();
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              for (int i = 0; i < 6; i++) {
                sleepAMillisecond();
                self.suspend(i);
              }
            });
    while (continuation.isResumable()) {
      Runnable step =
          () -> {
            if (continuation.resume()) {
              values.add(continuation.value());
            }
          };
      if (values.size() % 3 == 2) {
        step.run();
      } else {
        Thread virtual =
            (Thread)
                Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, step);
        Waiting.join(virtual);
      }
    }
    assertThat(values).containsExactly(0, 1, 2, 3, 4, 5);
  }

  private static void sleepAMillisecond() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
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
  void whatBlocksInItBlocksItsCaller(Strategy strategy) {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch opened = new CountDownLatch(1);
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              blocked.countDown();
              Waiting.await(opened);
              self.suspend("after the wait");
            });
    CompletableFuture<Boolean> resumed =
        CompletableFuture.supplyAsync(continuation::resume, code -> new Thread(code).start());
    Waiting.await(blocked);
    assertThat(resumed).isNotDone();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("is running");
    opened.countDown();

    assertThat(resumed.join()).isTrue();
    assertThat(continuation.value()).isEqualTo("after the wait");
    continuation.close();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void itIsClosedWhileItRuns(Strategy strategy) {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              try {
                running.countDown();
                Waiting.await(closed);
                self.suspend();
              } finally {
                events.add("finally");
              }
            });
    CompletableFuture<Throwable> thrown =
        CompletableFuture.supplyAsync(
            () -> catchThrowable(continuation::resume), code -> new Thread(code).start());
    Waiting.await(running);
    continuation.close();
    closed.countDown();

    assertThat(thrown.join())
        .isInstanceOf(IllegalContinuationStateException.class)
        .hasMessageContaining("was closed while it ran");
    assertThat(events).containsExactly("finally");
    assertThat(continuation.isCompleted()).isTrue();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void threadAndThreadLocals(Strategy strategy) {
    ThreadLocal<String> local = new ThreadLocal<>();
    local.set("the caller's");
    Thread caller = Thread.currentThread();
    Continuation continuation =
        Kinds.live(
            strategy, self -> self.suspend((Thread.currentThread() == caller) + " " + local.get()));
    continuation.resume();

    boolean same = strategy == Strategy.CONTINUATION;
    assertThat(continuation.value()).isEqualTo(same + " " + (same ? "the caller's" : null));
    continuation.close();
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
