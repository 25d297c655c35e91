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
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of outcomes in CONTINUATIONS.md, cell by cell: what else is on the stack. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StackOutcomeTest {
  private static final String ALL = "dev.fermata.continuation.Kinds#all";

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
        .hasMessageContaining("StackOutcomeTest.java:");
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(() -> leaked[0].suspend());
    assertThat(continuation.resume()).isFalse();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(() -> leaked[0].once(() -> 1));
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void continuationsAreNested(Strategy strategy) {
    Kinds.all().forEach(other -> assertNested(strategy, other));
  }

  private static void assertNested(Strategy outside, Strategy inside) {
    Continuation outer =
        Kinds.live(
            outside,
            self -> {
              Continuation inner =
                  Kinds.live(
                      inside,
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
}
