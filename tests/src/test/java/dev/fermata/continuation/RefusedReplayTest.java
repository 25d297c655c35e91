// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.fermata.Strategy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Continuations that cannot be suspended where another life of theirs was. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RefusedReplayTest {
  private static final Object MONITOR = new Object();

  @Test
  @Tag("java21")
  void aValueThatCannotBeReachedLeavesItAsItWas() throws IOException {
    ContinuationFormat format = ContinuationFormat.allowing(RefusedReplayTest.class);
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    try (Continuation continuation =
        Continuation.builder()
            .strategy(Strategy.HANDOFF)
            .build(
                self -> {
                  String first = self.suspend("first");
                  String second;
                  synchronized (MONITOR) {
                    second = self.suspend("under the monitor");
                  }
                  self.suspend(first + second);
                })) {
      continuation.resume();
      continuation.resume("a");
      continuation.writeTo(saved, format);
    }

    try (Continuation read =
        Continuation.readFrom(new ByteArrayInputStream(saved.toByteArray()), format)) {
      for (int i = 0; i < 2; i++) {
        assertThatExceptionOfType(IllegalContinuationStateException.class)
            .isThrownBy(read::value)
            .withMessageContaining("holds a monitor");
        assertThat(read.isResumable()).isTrue();
        assertThat(read.historyLength()).isEqualTo(1);
      }
      assertThat(read.resume("b")).isTrue();
      assertThat(read.value()).isEqualTo("ab");
    }
  }
}
