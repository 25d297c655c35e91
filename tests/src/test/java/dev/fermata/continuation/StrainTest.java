// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.ActionAbortedError;
import dev.fermata.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Deep ones, many, and some that will not end. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StrainTest {
  private static final String ALL = "dev.fermata.continuation.Kinds#all";

  @ParameterizedTest
  @MethodSource(ALL)
  void itIsSuspendedDeepDown(Strategy strategy) {
    Continuation continuation = Kinds.live(strategy, self -> self.suspend(descend(self, 1000)));
    for (int i = 0; i < 5; i++) {
      assertThat(continuation.resume()).isTrue();
      assertThat(continuation.value()).isEqualTo("bottom " + i);
    }
    assertThat(continuation.resume()).isTrue();
    assertThat(continuation.value()).isEqualTo(1000);
    assertThat(continuation.resume()).isFalse();
  }

  private static int descend(SuspendCapability self, int depth) {
    if (depth == 0) {
      for (int i = 0; i < 5; i++) {
        self.suspend("bottom " + i);
      }
      return 0;
    }
    return descend(self, depth - 1) + 1;
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void manyAreSuspendedAtOnce(Strategy strategy) {
    int count = strategy == Strategy.HANDOFF ? 1_000 : 10_000;
    List<Continuation> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int own = i;
      Continuation continuation =
          Kinds.live(strategy, self -> self.suspend((int) self.<Integer>suspend(own) + own));
      assertThat(continuation.resume()).isTrue();
      all.add(continuation);
    }
    for (int i = 0; i < count; i++) {
      Continuation continuation = all.get(i);
      assertThat(continuation.value()).isEqualTo(i);
      assertThat(continuation.resume(1)).isTrue();
      assertThat(continuation.value()).isEqualTo(i + 1);
      continuation.close();
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aStackThatIsFullLeavesNoneInUse(Strategy strategy) {
    for (int i = 0; i < 100; i++) {
      Continuation continuation =
          Kinds.live(
              strategy,
              self -> {
                while (true) {
                  self.suspend();
                }
              });
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      Runnable code = () -> thrown.complete(catchThrowable(() -> resumeDeeper(continuation, 0)));
      new Thread(null, code, "deep", 256 * 1024 + i * 104).start();

      assertThat(thrown.join()).isNotNull();
      assertThat(continuation.isResumable() || continuation.isCompleted())
          .as("%s after %s", continuation, thrown.join())
          .isTrue();
    }
  }

  private static int resumeDeeper(Continuation continuation, int depth) {
    continuation.resume();
    return resumeDeeper(continuation, depth + 1) + 1;
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void codeThatSuspendsForEverIsClosed(Strategy strategy) {
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              while (true) {
                try {
                  self.suspend();
                } catch (ActionAbortedError caught) {
                  // It should have ended.
                }
              }
            });
    continuation.resume();
    continuation.close();

    assertThat(continuation.isCompleted()).isTrue();
  }
}
