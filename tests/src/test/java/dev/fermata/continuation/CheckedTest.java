// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.Serializable;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The checker of determinism. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckedTest {
  private static final AtomicInteger CHANCE = new AtomicInteger();
  private static final LocalDate DAY = LocalDate.of(2024, 2, 29);

  private static Continuation checked(ContinuationEntryPoint entryPoint) {
    return Continuation.builder().checked(true).build(entryPoint);
  }

  @Test
  void aDeterministicOneIsLetThrough() {
    CHANCE.set(0);
    Continuation continuation =
        checked(
            self -> {
              int chance = self.once(CHANCE::incrementAndGet);
              int input = self.suspend(List.of(chance, "first"));
              self.suspend(new int[] {input + chance});
            });
    assertThat(continuation.resume()).isTrue();
    assertThat(continuation.resume(5)).isTrue();
    assertThat((int[]) continuation.value()).containsExactly(6);
    assertThat(continuation.resume()).isFalse();
    assertThat(CHANCE).hasValue(1);
  }

  @Test
  void anotherValueIsNamed() {
    CHANCE.set(0);
    Continuation continuation =
        checked(
            self -> {
              self.suspend("same");
              self.suspend(CHANCE.incrementAndGet());
            });
    assertThat(continuation.resume()).isTrue();
    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("Step 2")
        .withMessageContaining("handing out 1")
        .withMessageContaining("handing out 2")
        .withMessageContaining("CheckedTest.java:")
        .satisfies(e -> assertThat(e.step()).isEqualTo(2));
    assertThat(continuation.isCompleted()).isTrue();
  }

  @Test
  void anotherSiteIsNamed() {
    CHANCE.set(0);
    Continuation continuation =
        checked(
            self -> {
              if (CHANCE.incrementAndGet() == 1) {
                self.suspend("here");
              } else {
                self.suspend("there");
              }
            });
    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("Step 1")
        .withMessageContaining("here")
        .withMessageContaining("there");
  }

  @Test
  void anotherEndIsNoticed() {
    CHANCE.set(0);
    Continuation continuation =
        checked(
            self -> {
              self.suspend();
              if (CHANCE.incrementAndGet() > 1) {
                self.suspend();
              }
            });
    continuation.resume();
    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("does no more");
    assertThat(continuation.isCompleted()).isTrue();
  }

  @Test
  void aSnapshotFromWhichStartDoesNotGoOnIsNoticed() {
    Continuation continuation =
        checked(
            self -> {
              self.suspend("first");
              self.snapshot();
              self.suspend("second");
            });
    continuation.resume();
    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("first")
        .withMessageContaining("second");
  }

  @Test
  void aChangedInputIsNamed() {
    List<String> input = new ArrayList<>(Arrays.asList("a"));
    Continuation continuation =
        checked(
            self -> {
              self.suspend();
              self.suspend();
              self.suspend();
            });
    continuation.resume();
    continuation.resume(input);
    input.add("b");
    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("Step 1")
        .withMessageContaining("was changed afterwards");
  }

  @Test
  void equalValuesMayShareOtherObjects() {
    String captured = "x";
    LocalDate day = LocalDate.of(2024, 2, 29);
    List<Integer> big = new ArrayList<>(List.of(1000));
    Continuation continuation =
        checked(
            self -> {
              self.suspend(new ArrayList<>(List.of(captured, "x")));
              self.suspend(new Object[] {captured, "x"});
              self.suspend(new Object[] {day, DAY});
              self.suspend(Map.of("a", new Holder(captured), "b", new Holder("x")));
              self.suspend(List.of(big.get(0), self.once(() -> 1000)));
            });

    int suspensions = 0;
    while (continuation.resume()) {
      suspensions++;
    }

    assertThat(suspensions).isEqualTo(5);
  }

  @Test
  void anExceptionIsWhatItSaysNotWhereItWasSeen() {
    Continuation continuation =
        checked(
            self -> {
              RuntimeException thrown = new RuntimeException("no table");
              try {
                self.once(
                    () -> {
                      throw thrown;
                    });
              } catch (RuntimeException caught) {
                caught.addSuppressed(new RuntimeException("nor a chair"));
                self.suspend(caught);
                self.suspend(List.of(caught));
              }
            });

    assertThat(continuation.resume()).isTrue();
    assertThat(continuation.resume()).isTrue();
    assertThat(continuation.resume()).isFalse();
  }

  @Test
  void anotherExceptionIsNamed() {
    CHANCE.set(0);
    Continuation continuation =
        checked(self -> self.suspend(List.of(new RuntimeException("" + CHANCE.incrementAndGet()))));

    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("Step 1");
  }

  /** Equal to no other. */
  private static final class Holder implements Serializable {
    private static final long serialVersionUID = 1L;

    final String held;

    Holder(String held) {
      this.held = held;
    }
  }
}
