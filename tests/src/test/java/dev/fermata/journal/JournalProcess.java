// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import dev.fermata.FermataException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;

/**
 * A program that opens a journal, tells how that went, and appends to its one action for as long as
 * it lives or until it is refused, telling each place that was acknowledged. Arguments: the folder,
 * or the URL in object storage, whose server the environment names; the level.
 */
public final class JournalProcess {
  static final String ACTION = "endless";

  private JournalProcess() {}

  public static void main(String[] arguments) {
    Level level = Level.valueOf(arguments[1]);
    try {
      Journal journal = Journal.open(options(arguments[0]));
      long next = journal.records(ACTION).size();
      System.out.println("OPENED");
      // Some in flight at a time, so that a batch has several.
      for (long place = next; ; place += 5) {
        for (int i = 0; i < 5; i++) {
          long appended = place + i;
          journal
              .append(Records.returned(ACTION, appended), level)
              .thenRun(() -> System.out.println(appended));
        }
        Records.await(journal.append(Records.returned("other", place), level));
      }
    } catch (FermataException refused) {
      tell(refused);
    } catch (CompletionException failed) {
      tell((FermataException) failed.getCause());
    }
  }

  private static JournalOptions options(String place) {
    return place.startsWith("s3://")
        ? JournalOptions.inObjectStorage(place).build()
        : JournalOptions.inFolder(Path.of(place)).build();
  }

  private static void tell(FermataException refused) {
    System.out.println("REFUSED " + refused.kind() + ": " + refused.getMessage());
  }
}
