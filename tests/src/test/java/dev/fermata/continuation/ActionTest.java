// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import dev.fermata.Strategy;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Continuations in actions of a loop, and loops in continuations, of each pair of strategies. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ActionTest {
  private static final String PAIRS = "pairs";

  static Stream<Arguments> pairs() {
    return Setup.all().stream()
        .flatMap(setup -> Kinds.all().map(strategy -> Arguments.of(setup, strategy)));
  }

  static Stream<Arguments> suspendingPairs() {
    return pairs().filter(pair -> pair.get()[0] != Setup.INLINE);
  }

  @ParameterizedTest
  @MethodSource(PAIRS)
  void anActionMakesTheCallsThatItsContinuationAsksFor(Setup setup, Strategy strategy)
      throws Exception {
    try (ActionLoop loop = setup.build(ActionLoop.builder())) {
      List<CompletableFuture<Integer>> sums = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        int own = i;
        sums.add(loop.submit(scope -> answered(scope, adding(strategy, own))));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(get(sums.get(i))).isEqualTo(10 * i + 10 * (i + 1));
      }
    }
  }

  /** Asks for ten times two numbers, and hands out their sum in a list. */
  private static Continuation adding(Strategy strategy, int first) {
    return Kinds.live(
        strategy,
        self -> {
          int one = self.suspend(first);
          int two = self.suspend(first + 1);
          self.suspend(List.of(one + two));
        });
  }

  private static int answered(ActionScope scope, Continuation asking) {
    if (asking.value() == null) {
      asking.resume();
    }
    while (asking.value() instanceof Integer) {
      int question = (int) asking.value();
      int answer = scope.call(() -> 10 * question);
      asking.resume(answer);
    }
    int sum = (int) ((List<?>) asking.value()).get(0);
    asking.close();
    return sum;
  }

  @ParameterizedTest
  @MethodSource(PAIRS)
  void anActionTakesFromAGeneratorBetweenCalls(Setup setup, Strategy strategy) throws Exception {
    try (ActionLoop loop = setup.build(ActionLoop.builder())) {
      CompletableFuture<Integer> sum =
          loop.submit(
              scope -> {
                int squares = 0;
                try (UpTo numbers = new UpTo(5, strategy)) {
                  for (int number : numbers) {
                    squares += scope.call(() -> number * number);
                  }
                }
                return squares;
              });
      assertThat(get(sum)).isEqualTo(55);
    }
  }

  private static final class UpTo extends Generator<Integer> {
    private static final long serialVersionUID = 1L;
    private final int last;

    UpTo(int last, Strategy strategy) {
      super(Continuation.builder().strategy(strategy));
      this.last = last;
    }

    @Override
    protected void generate() {
      for (int i = 1; i <= last; i++) {
        emit(i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PAIRS)
  void oneActionGoesOnWithTheContinuationOfAnother(Setup setup, Strategy strategy)
      throws Exception {
    try (ActionLoop loop = setup.build(ActionLoop.builder())) {
      Continuation continuation =
          get(
              loop.submit(
                  scope -> {
                    Continuation begun = adding(strategy, 1);
                    begun.resume();
                    return begun;
                  }));
      assertThat(get(loop.<Integer>submit(scope -> answered(scope, continuation)))).isEqualTo(30);
    }
  }

  @ParameterizedTest
  @MethodSource(PAIRS)
  void theCodeIsNotInsideTheAction(Setup setup, Strategy strategy) throws Exception {
    try (ActionLoop loop = setup.build(ActionLoop.builder())) {
      CompletableFuture<Object> said =
          loop.submit(
              scope -> {
                Continuation continuation =
                    Kinds.live(
                        strategy, self -> self.suspend(catchThrowable(() -> scope.call(() -> 1))));
                continuation.resume();
                Object thrown = continuation.value();
                assertThat(continuation.resume()).isFalse();
                assertThat(scope.<String>call(() -> "the action's own")).isNotNull();
                return thrown;
              });
      // In place, on the action's own thread, nothing is suspended, and so nothing refused.
      if (setup == Setup.INLINE && strategy == Strategy.CONTINUATION) {
        assertThat(get(said)).isNull();
      } else {
        assertThat((Throwable) get(said))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("not inside an action of this context")
            .hasMessageContaining("continuation");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("suspendingPairs")
  void theCodeHandsOutWhatTheActionAwaits(Setup setup, Strategy strategy) throws Exception {
    try (ActionLoop loop = setup.build(ActionLoop.builder())) {
      CompletableFuture<String> value =
          loop.submit(
              scope -> {
                Continuation continuation =
                    Kinds.live(
                        strategy,
                        self -> {
                          String said =
                              self.suspend(loop.submit(inner -> inner.call(() -> "of another")));
                          self.suspend(said + " action");
                        });
                continuation.resume();
                @SuppressWarnings("unchecked")
                CompletableFuture<String> submitted =
                    (CompletableFuture<String>) continuation.value();
                continuation.resume(scope.await(submitted));
                String said = (String) continuation.value();
                continuation.close();
                return said;
              });
      assertThat(get(value)).isEqualTo("of another action");
    }
  }

  @ParameterizedTest
  @MethodSource(PAIRS)
  void theCodeHasALoopOfItsOwn(Setup setup, Strategy strategy) {
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              try (ActionLoop loop = setup.build(ActionLoop.builder())) {
                for (int i = 0; i < 3; i++) {
                  int own = i;
                  self.suspend(loop.submit(scope -> scope.call(() -> own)).join());
                }
              }
            });
    for (int i = 0; i < 3; i++) {
      assertThat(continuation.resume()).isTrue();
      assertThat(continuation.value()).isEqualTo(i);
    }
    assertThat(continuation.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("suspendingPairs")
  void anAbortedActionClosesItsContinuation(Setup setup, Strategy strategy) throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch unwound = new CountDownLatch(1);
    CompletableFuture<Object> aborted;
    try (ActionLoop loop = setup.build(ActionLoop.builder())) {
      aborted =
          loop.submit(
              scope -> {
                try (Continuation continuation = unwinding(strategy, unwound)) {
                  continuation.resume();
                  return scope.await(called(waiting));
                }
              });
      Waiting.await(waiting);
    }
    Waiting.await(unwound);
    assertThat(catchThrowable(() -> get(aborted))).hasCauseInstanceOf(ActionAbortedError.class);
  }

  private static CompletableFuture<Object> called(CountDownLatch waiting) {
    waiting.countDown();
    return new CompletableFuture<>();
  }

  private static Continuation unwinding(Strategy strategy, CountDownLatch unwound) {
    return Kinds.live(
        strategy,
        self -> {
          try {
            self.suspend();
          } finally {
            unwound.countDown();
          }
        });
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
