// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.ContinuationFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The dialogue, saved and read after each answer. */
class BookingTest {
  private static final ContinuationFormat FORMAT = ContinuationFormat.allowing(Booking.class);

  @Test
  void asksAgainUntilTheNumberIsOne() throws IOException {
    assertThat(afterAnswers("Ada", "0", "9")).startsWith("\"9\" is no number from 1 to 8.");
    assertThat(afterAnswers("Ada", "0", "9", "8")).isEqualTo("Book 8 for Ada? (yes or no)");
  }

  @Test
  void nothingIsBookedWithoutAYes() throws IOException {
    assertThat(afterAnswers("Ada", "2", "perhaps")).isEqualTo("Nothing was booked");
  }

  @Test
  void aBookingKeepsItsNumber() throws IOException {
    byte[] booked = saved("Ada", "2", "yes");
    try (Continuation one = read(booked);
        Continuation other = read(booked)) {
      assertThat(one.value()).isEqualTo(other.value()).asString().startsWith("Booked as ");
    }
  }

  private static String afterAnswers(String... answers) throws IOException {
    try (Continuation dialogue = read(saved(answers))) {
      return (String) dialogue.value();
    }
  }

  private static byte[] saved(String... answers) throws IOException {
    Continuation dialogue = new Continuation(new Booking());
    dialogue.resume();
    byte[] saved = write(dialogue);
    for (String answer : answers) {
      dialogue = read(saved);
      dialogue.resume(answer);
      saved = write(dialogue);
    }
    return saved;
  }

  private static byte[] write(Continuation dialogue) throws IOException {
    try (dialogue) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      dialogue.writeTo(out, FORMAT);
      return out.toByteArray();
    }
  }

  private static Continuation read(byte[] saved) throws IOException {
    return Continuation.readFrom(new ByteArrayInputStream(saved), FORMAT);
  }
}
