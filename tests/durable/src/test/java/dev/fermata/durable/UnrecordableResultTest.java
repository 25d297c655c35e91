// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Results that cannot be recorded. */
class UnrecordableResultTest extends UnderEachStrategy {
  private final AtomicInteger calls = new AtomicInteger();

  @Test
  void aResultThatCannotBeRecordedIsAnOutcomeAndNotPaidForAgain() {
    AtomicInteger made = new AtomicInteger();
    DurableBody<String> body =
        context -> {
          StringBuilder outcomes = new StringBuilder();
          for (Object result : List.of(new Object(), "x".repeat(1_001))) {
            try {
              context.call(
                  "call",
                  Object.class,
                  () -> {
                    made.incrementAndGet();
                    return result;
                  });
            } catch (UnrecordableResultException expected) {
              outcomes.append(expected.getMessage()).append('\n');
            }
          }
          throw new IOException(outcomes.toString());
        };
    rig.with(builder -> builder.maxResultBytes(1_000));

    Throwable first = rig.failureOf("action", body);
    rig.restart();
    Throwable second = rig.failureOf("action", body);

    assertThat(first).hasMessageContaining("cannot be serialised").hasMessageContaining("1003");
    assertThat(second).hasMessage(first.getMessage());
    assertThat(made).hasValue(2);
  }

  @Test
  void aResultThatCannotBeReadBackIsNoResult() {
    Throwable thrown =
        rig.failureOf(
            "action",
            context ->
                context.call(
                    "thread",
                    ResultType.of(Unreadable.class),
                    CallOptions.create(),
                    () -> new Unreadable("1")));

    assertThat(thrown)
        .isInstanceOf(UnrecordableResultException.class)
        .hasMessageContaining("cannot be read back");
  }

  @Test
  void aResultWhoseSerialisationThrowsAnErrorIsAnOutcomeAndNotPaidForAgain() {
    DurableBody<Broken> body =
        context ->
            context.call(
                "broken",
                Broken.class,
                () -> {
                  calls.incrementAndGet();
                  return new Broken();
                });
    rig.with(builder -> builder.serialiser(new ThrowingSerialiser()));

    Throwable first = rig.failureOf("action", body);
    Throwable second = rig.failureOf("action", body);

    assertThat(first)
        .isInstanceOf(UnrecordableResultException.class)
        .hasMessageContaining("NoClassDefFoundError: dev/acme/Missing");
    assertThat(second).hasMessage(first.getMessage());
    assertThat(calls).hasValue(1);
  }

  /** What a class that is not there does to a serialiser. */
  private static final class ThrowingSerialiser implements Serialiser {
    private final Serialiser json = JsonSerialiser.create();

    @Override
    public byte[] serialise(Object value) throws Exception {
      if (value instanceof Broken) {
        throw new NoClassDefFoundError("dev/acme/Missing");
      }
      return json.serialise(value);
    }

    @Override
    public <T> T deserialise(byte[] bytes, ResultType<T> type) throws Exception {
      return json.deserialise(bytes, type);
    }
  }

  /** A result. */
  private static final class Broken {}

  /** Has no constructor that JSON could be read by. */
  public static final class Unreadable {
    public final String value;

    private Unreadable(String value) {
      this.value = value;
    }
  }
}
