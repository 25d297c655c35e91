// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What is on the stack of a suspended continuation need not be serialisable. */
class LocalsTest {
  /** Has a reader and a lambda on its stack when it is suspended. */
  private static final class Lines implements ContinuationEntryPoint {
    private static final long serialVersionUID = 1L;
    private final String text = "first\nsecond\nthird";

    @Override
    public void start(SuspendCapability capability) {
      BufferedReader reader = new BufferedReader(new StringReader(text));
      Supplier<String> next = () -> read(reader);
      for (String line = next.get(); line != null; line = next.get()) {
        capability.suspend(line);
      }
    }

    private static String read(BufferedReader reader) {
      try {
        return reader.readLine();
      } catch (IOException unexpected) {
        throw new AssertionError(unexpected);
      }
    }
  }

  @Test
  void theyAreMadeAgainByTheReplay() throws Exception {
    ContinuationFormat format = ContinuationFormat.allowing(Lines.class);
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    try (Continuation lines = new Continuation(new Lines())) {
      lines.resume();
      lines.resume();
      lines.writeTo(saved, format);
    }

    try (Continuation lines =
        Continuation.readFrom(new ByteArrayInputStream(saved.toByteArray()), format)) {
      assertThat(lines.value()).isEqualTo("second");
      assertThat(lines.resume()).isTrue();
      assertThat(lines.value()).isEqualTo("third");
      assertThat(lines.resume()).isFalse();
    }
  }
}
