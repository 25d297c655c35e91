// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TimelineTest {
  private static final List<String> SEEN = new ArrayList<>();

  private final Timeline timeline = Timeline.of(new Continuation(TimelineTest::edit));

  /** Hands out the text so far and takes what is typed next; "." ends it, "!" fails. */
  private static void edit(SuspendCapability capability) {
    StringBuilder text = new StringBuilder();
    try {
      for (String typed; !(typed = capability.suspend(text.toString())).equals("."); ) {
        if (typed.equals("!")) {
          throw new IllegalArgumentException("cannot type " + typed);
        }
        text.append(typed);
      }
    } finally {
      SEEN.add("left with " + text);
    }
  }

  @BeforeEach
  void begin() {
    SEEN.clear();
    timeline.resume();
  }

  @AfterEach
  void close() {
    timeline.close();
  }

  @Test
  void goesBackStepByStep() {
    type("a", "b", "c");
    assertThat(timeline.value()).isEqualTo("abc");

    assertThat(timeline.undo()).isTrue();
    assertThat(timeline.value()).isEqualTo("ab");
    assertThat(timeline.undo()).isTrue();
    assertThat(timeline.value()).isEqualTo("a");

    type("z");
    assertThat(timeline.value()).isEqualTo("az");
  }

  @Test
  void goesForwardAgain() {
    type("a", "b");
    timeline.undo();
    timeline.undo();
    assertThat(timeline.redoable()).isEqualTo(2);

    assertThat(timeline.redo()).isTrue();
    assertThat(timeline.redo()).isTrue();
    assertThat(timeline.redo()).isFalse();

    assertThat(timeline.value()).isEqualTo("ab");
    type("c");
    assertThat(timeline.value()).isEqualTo("abc");
  }

  @Test
  void anotherStepForgetsWhatWasUndone() {
    type("a", "b");
    timeline.undo();
    type("x");

    assertThat(timeline.redo()).isFalse();
    assertThat(timeline.value()).isEqualTo("ax");
    assertThat(SEEN).as("the way that was left is closed").containsExactly("left with ab");
  }

  @Test
  void goesBackToBeforeTheBeginning() {
    assertThat(timeline.undoable()).isEqualTo(1);
    assertThat(timeline.undo()).isTrue();
    assertThat(timeline.undo()).isFalse();
    assertThat(timeline.value()).isNull();

    timeline.resume();

    assertThat(timeline.value()).isEqualTo("");
  }

  @Test
  void theEndCanBeUndone() {
    type("a");
    assertThat(timeline.resume(".")).isFalse();
    assertThat(timeline.isCompleted()).isTrue();

    timeline.undo();

    assertThat(timeline.isResumable()).isTrue();
    type("b");
    assertThat(timeline.value()).isEqualTo("ab");
    timeline.undo();
    assertThat(timeline.redo()).isTrue();
  }

  @Test
  void aFailureCanBeUndone() {
    type("a");
    assertThatThrownBy(() -> timeline.resume("!")).hasRootCauseMessage("cannot type !");
    assertThat(timeline.isCompleted()).isTrue();

    timeline.undo();
    type("b");

    assertThat(timeline.value()).isEqualTo("ab");
  }

  @Test
  void aStepAfterTheEndChangesNothing() {
    timeline.resume(".");

    assertThatThrownBy(() -> timeline.resume("a")).isInstanceOf(IllegalStateException.class);

    assertThat(timeline.undoable()).isEqualTo(2);
  }

  @Test
  void aStepThatIsRefusedChangesNothing() {
    timeline.undo();

    assertThatThrownBy(() -> timeline.resume("nobody asked"))
        .isInstanceOf(IllegalArgumentException.class);

    assertThat(timeline.undoable()).isZero();
    assertThat(timeline.redo()).isTrue();
    assertThat(timeline.value()).isEqualTo("");
  }

  @Test
  void aCopyGoesItsOwnWay() {
    type("a");
    try (Continuation other = timeline.copy()) {
      other.resume("x");
      type("b");

      assertThat(other.value()).isEqualTo("ax");
      assertThat(timeline.value()).isEqualTo("ab");
    }
  }

  @Test
  void whatWasDoneOnceStaysDone() {
    try (Timeline orders =
        Timeline.of(
            new Continuation(
                capability -> {
                  String article = capability.suspend("what?");
                  capability.once(() -> SEEN.add("ordered " + article));
                  capability.suspend("more?");
                }))) {
      orders.resume();
      orders.resume("tea");
      orders.undo();
      orders.redo();
      assertThat(SEEN).containsExactly("ordered tea");
      orders.undo();
      orders.resume("coffee");
      assertThat(SEEN).containsExactly("ordered tea", "ordered coffee");
    }
  }

  private void type(String... pieces) {
    for (String piece : pieces) {
      assertThat(timeline.resume(piece)).isTrue();
    }
  }
}
