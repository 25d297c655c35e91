// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.RecordedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an action catches after a restart. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecordedExceptionsTest {
  private static final AtomicInteger LOADED = new AtomicInteger();

  @Test
  void anExceptionOfThePlatformIsMadeAgain() {
    Throwable again = thrownAgain(new IOException("no route"));

    assertThat(again).isExactlyInstanceOf(IOException.class).hasMessage("no route");
    assertThat(again.getSuppressed()[0])
        .isInstanceOfSatisfying(
            RecordedCallException.class,
            recorded -> {
              assertThat(recorded.type()).isEqualTo("java.io.IOException");
              assertThat(recorded.recordedMessage()).isEqualTo("no route");
              assertThat(recorded.recordedStack()).contains("RecordedExceptionsTest");
            });
  }

  @Test
  void anExceptionThatIsNotListedIsText() {
    Throwable again = thrownAgain(new Refused("card 4711"));

    assertThat(again)
        .isInstanceOfSatisfying(
            RecordedCallException.class,
            recorded -> {
              assertThat(recorded.type()).isEqualTo(Refused.class.getName());
              assertThat(recorded.recordedMessage()).isEqualTo("card 4711");
              assertThat(recorded).hasMessage(Refused.class.getName() + ": card 4711");
            });
  }

  @Test
  void listedExceptionsAreMadeAgainByTheConstructorThatTheyHave() {
    assertThat(thrownAgain(new Refused("card 4711"), Refused.class))
        .isExactlyInstanceOf(Refused.class)
        .hasMessage("card 4711");
    assertThat(thrownAgain(new Wrapping("outer", new IOException()), Wrapping.class))
        .isExactlyInstanceOf(Wrapping.class)
        .hasMessage("outer")
        .hasNoCause();
    assertThat(thrownAgain(new Silent(), Silent.class))
        .isExactlyInstanceOf(Silent.class)
        .hasMessage(null);
    // Of a listed class, not of a subclass.
    assertThat(thrownAgain(new RefusedForGood("sub"), Refused.class))
        .isInstanceOf(RecordedCallException.class);
  }

  @Test
  void aConstructorThatThrowsLeavesTheText() {
    assertThat(thrownAgain(new Choosy("fine"), Choosy.class))
        .isInstanceOf(RecordedCallException.class)
        .hasMessageContaining("fine");
  }

  @Test
  void anExceptionWithoutAUsableConstructorIsRefusedByTheOptions() {
    assertThatThrownBy(() -> DurableOptions.builder().rebuild(Complicated.class).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Complicated cannot be made again");
  }

  /** A record may name any class: none is looked up. */
  @Test
  void aClassThatARecordNamesIsNotLoaded() {
    RecordedExceptions exceptions = new RecordedExceptions(List.of(Refused.class));

    Exception rebuilt =
        exceptions.rebuild(
            new RecordedException(
                "dev.fermata.durable.RecordedExceptionsTest$LoadedByNobody", "message", "stack"));

    assertThat(rebuilt).isInstanceOf(RecordedCallException.class);
    assertThat(LOADED).hasValue(0);
  }

  @Test
  void longTextsAreCutOff() {
    RecordedException recorded =
        new RecordedExceptions(List.of()).describe(new IOException("\uD83D\uDE00".repeat(40_000)));

    assertThat(recorded.message()).hasSize(32 * 1024);
    assertThat(recorded.stack()).hasSizeLessThanOrEqualTo(32 * 1024);
    String odd =
        new RecordedExceptions(List.of())
            .describe(new IOException("x" + "\uD83D\uDE00".repeat(40_000)))
            .message();
    assertThat(odd).hasSize(32 * 1024 - 1);
    assertThat(Character.isHighSurrogate(odd.charAt(odd.length() - 1))).isFalse();
  }

  @Test
  void anExceptionThatThrowsWhenItIsAskedIsRecordedByItsClass() {
    Indescribable thrown = new Indescribable();
    DurableBody<String> body =
        context -> {
          try {
            return context.call(
                "fails",
                String.class,
                () -> {
                  throw thrown;
                });
          } catch (Indescribable same) {
            throw new IllegalStateException("as it is");
          }
        };
    try (Rig rig = new Rig(Strategy.HANDOFF)) {
      assertThat(rig.failureOf("action", body)).hasMessage("as it is");

      assertThat(rig.failureOf("action", body))
          .isInstanceOfSatisfying(
              RecordedCallException.class,
              recorded -> {
                assertThat(recorded.type()).isEqualTo(Indescribable.class.getName());
                assertThat(recorded.recordedMessage()).isNull();
              });
    }
  }

  private static Throwable thrownAgain(Exception thrown) {
    return thrownAgain(thrown, IOException.class);
  }

  private static Throwable thrownAgain(Exception thrown, Class<? extends Exception> rebuilt) {
    AtomicInteger made = new AtomicInteger();
    DurableBody<String> body =
        context ->
            context.call(
                "fails",
                String.class,
                () -> {
                  made.incrementAndGet();
                  throw thrown;
                });
    try (Rig rig = new Rig(Strategy.HANDOFF).with(builder -> builder.rebuild(rebuilt))) {
      assertThat(rig.failureOf("action", body)).isSameAs(thrown);
      List<JournalRecord> records = new ArrayList<>(rig.journal.acknowledged());
      assertThat(records.get(records.size() - 1)).isInstanceOf(CallFinished.class);
      rig.restart();
      Throwable again = rig.failureOf("action", body);
      assertThat(made).hasValue(1);
      return again;
    }
  }

  static class Indescribable extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new AssertionError("no message");
    }
  }

  static class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  static class RefusedForGood extends Refused {
    private static final long serialVersionUID = 1L;

    RefusedForGood(String message) {
      super(message);
    }
  }

  static class Wrapping extends Exception {
    private static final long serialVersionUID = 1L;

    Wrapping(String message, Throwable cause) {
      super(message, cause);
    }
  }

  static class Silent extends Exception {
    private static final long serialVersionUID = 1L;
  }

  static class Choosy extends Exception {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger MADE = new AtomicInteger();

    Choosy(String message) {
      super(message);
      if (MADE.incrementAndGet() > 1) {
        throw new IllegalStateException("only one of me");
      }
    }
  }

  static class Complicated extends Exception {
    private static final long serialVersionUID = 1L;

    Complicated(int code) {
      super("code " + code);
    }
  }

  static class LoadedByNobody extends Exception {
    private static final long serialVersionUID = 1L;

    static {
      LOADED.incrementAndGet();
    }

    LoadedByNobody(String message) {
      super(message);
    }
  }
}
