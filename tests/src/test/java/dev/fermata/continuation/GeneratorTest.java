// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GeneratorTest {
  /** Emits the numbers of an inorder walk, from any depth. */
  private static final class Walk extends Generator<Integer> {
    private static final long serialVersionUID = 1L;
    private final int depth;
    private int emitted;

    Walk(int depth) {
      this.depth = depth;
    }

    @Override
    protected void generate() {
      walk(0, 1 << depth);
    }

    private void walk(int from, int to) {
      if (to - from == 1) {
        emitted++;
        emit(from);
      } else {
        walk(from, (from + to) / 2);
        walk((from + to) / 2, to);
      }
    }
  }

  private static List<Integer> numbers(int from, int to) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = from; i < to; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  @Test
  void theViewsGiveTheSameElements() {
    assertThat(Collections.list(new Walk(4))).isEqualTo(numbers(0, 16));
    List<Integer> iterated = new ArrayList<>();
    for (int number : new Walk(4)) {
      iterated.add(number);
    }
    assertThat(iterated).isEqualTo(numbers(0, 16));
    try (Walk walk = new Walk(4);
        Stream<Integer> stream = walk.stream()) {
      assertThat(stream.limit(3).collect(Collectors.toList())).isEqualTo(numbers(0, 3));
    }
    Walk walk = new Walk(1);
    assertThat(walk.hasMoreElements()).isTrue();
    assertThat(walk.hasNext()).isTrue();
    assertThat(walk.emitted).isOne();
    assertThat(walk.nextElement()).isZero();
    assertThat(walk.next()).isOne();
    assertThat(walk.hasNext()).isFalse();
    assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(walk::next);
  }

  @Test
  void closingTheStreamClosesTheGenerator() {
    Walk walk = new Walk(4);
    try (Stream<Integer> stream = walk.stream()) {
      assertThat(stream.findFirst()).contains(0);
    }
    assertThat(walk.hasNext()).isFalse();
  }

  @Test
  void copiesGoOnIndependently() {
    Walk walk = new Walk(3);
    Generator<Integer> unbegun = walk.copy();
    walk.next();
    walk.next();
    assertThat(walk.hasNext()).isTrue();
    Generator<Integer> copy = walk.copy();
    assertThat(Collections.list(walk)).isEqualTo(numbers(2, 8));
    assertThat(Collections.list(copy)).isEqualTo(numbers(2, 8));
    assertThat(((Walk) copy).emitted).isEqualTo(8);
    assertThat(Collections.list(unbegun)).isEqualTo(numbers(0, 8));
  }

  @Test
  void aSavedOneGoesOn() throws Exception {
    ContinuationFormat format = ContinuationFormat.allowing(Walk.class);
    for (int taken = 0; taken <= 8; taken++) {
      for (boolean asked : new boolean[] {false, true}) {
        Walk walk = new Walk(3);
        for (int i = 0; i < taken; i++) {
          walk.next();
        }
        if (asked) {
          walk.hasNext();
        }
        ByteArrayOutputStream own = new ByteArrayOutputStream();
        walk.writeTo(own, format);
        ByteArrayOutputStream java = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(java)) {
          out.writeObject(new Object[] {walk, "between", walk});
        }
        Walk fromOwn =
            Generator.readFrom(new ByteArrayInputStream(own.toByteArray()), format, Walk.class);
        Object[] fromJava;
        try (ObjectInputStream in =
            new ObjectInputStream(new ByteArrayInputStream(java.toByteArray()))) {
          fromJava = (Object[]) in.readObject();
        }
        assertThat(Collections.list(fromOwn)).isEqualTo(numbers(taken, 8));
        assertThat(fromJava[2]).isSameAs(fromJava[0]);
        assertThat(Collections.list((Walk) fromJava[0])).isEqualTo(numbers(taken, 8));
        assertThat(Collections.list(walk)).isEqualTo(numbers(taken, 8));
      }
    }
  }

  @Test
  void aSnapshotShortensTheReplay() {
    Generator<Integer> counter = new Counter();
    for (int i = 0; i < 10; i++) {
      counter.next();
    }
    Counter copy = (Counter) counter.copy();
    assertThat(copy.next()).isEqualTo(10);
    assertThat(copy.stepsInThisLife).isLessThan(6);
  }

  private static final class Counter extends Generator<Integer> {
    private static final long serialVersionUID = 1L;
    private int next;
    private transient int stepsInThisLife;

    @Override
    protected void generate() {
      while (true) {
        if (next % 4 == 0) {
          snapshot();
        }
        stepsInThisLife++;
        emit(next);
        next++;
      }
    }
  }

  @Test
  void whatItThrowsIsThrownAsItIs() {
    IllegalArgumentException thrown = new IllegalArgumentException("on purpose");
    Generator<String> failing =
        new Generator<>(Continuation.builder().live()) {
          private static final long serialVersionUID = 1L;

          @Override
          protected void generate() {
            emit("first");
            throw thrown;
          }
        };
    assertThat(failing.next()).isEqualTo("first");
    assertThatThrownBy(failing::hasNext).isSameAs(thrown);
    assertThat(failing.hasNext()).isFalse();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(failing::copy)
        .withMessageContaining("completed");
  }

  @Test
  void itEmitsNullAndRunsEffectsOnce() {
    int[] effects = new int[1];
    Generator<Integer> generator =
        new Generator<>(Continuation.builder().live()) {
          private static final long serialVersionUID = 1L;

          @Override
          protected void generate() {
            emit(null);
            emit(once(() -> ++effects[0]));
          }
        };
    assertThat(generator.next()).isNull();
    assertThat(generator.next()).isOne();
    assertThat(generator.hasNext()).isFalse();
  }
}
