// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.ContinuationEntryPoint;
import dev.fermata.continuation.SuspendCapability;
import java.util.UUID;

/**
 * A dialogue with somebody at a browser, which may take days: a method that asks. What {@link
 * SuspendCapability#suspend(Object) suspend} hands out is shown, and what is typed comes back.
 */
public final class Booking implements ContinuationEntryPoint {
  private static final long serialVersionUID = 1L;
  private static final int MOST_SEATS = 8;

  @Override
  public void start(SuspendCapability page) {
    String name = page.suspend("What is your name?");
    int seats = askForSeats(page, "How many seats, " + name + "?");
    String answer = page.suspend("Book " + seats + " for " + name + "? (yes or no)");
    if (answer.equals("yes")) {
      // Drawn once: the number stays the same, however often the dialogue is read and replayed.
      String number = page.once(() -> UUID.randomUUID().toString());
      page.suspend("Booked as " + number);
    } else {
      page.suspend("Nothing was booked");
    }
  }

  private static int askForSeats(SuspendCapability page, String question) {
    String asked = question;
    while (true) {
      String typed = page.suspend(asked);
      if (typed.matches("[1-" + MOST_SEATS + "]")) {
        return Integer.parseInt(typed);
      }
      asked = "\"" + typed + "\" is no number from 1 to " + MOST_SEATS + ". " + question;
    }
  }
}
