// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;

/**
 * A program that appends to a journal, tells which places were acknowledged, and ends without
 * closing it. Arguments: the folder, how many records, and whether {@code main} returns or the
 * journal's thread exits.
 */
public final class JournalExit {
  static final String ACTION = "left";

  private JournalExit() {}

  public static void main(String[] arguments) throws Exception {
    Journal journal = Journal.open(Path.of(arguments[0]));
    int records = Integer.parseInt(arguments[1]);
    for (int place = 0; place < records; place++) {
      try {
        Records.await(journal.append(large(place), Level.DISK));
        System.out.println("ACKNOWLEDGED " + place);
      } catch (CompletionException failed) {
        FermataException failure = (FermataException) failed.getCause();
        if (failure.kind() != ErrorKind.IO) {
          throw failure;
        }
        System.out.println("FAILED " + place);
      }
    }
    if (arguments[2].equals("exit")) {
      journal.sync().thenRun(() -> System.exit(0));
      new CountDownLatch(1).await();
    }
  }

  /** Of a kilobyte. */
  static JournalRecord large(long place) {
    return new JournalRecord.CallFinished(ACTION, place, new byte[1_000]);
  }
}
