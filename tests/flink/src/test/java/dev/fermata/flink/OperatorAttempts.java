// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static dev.fermata.flink.GatedFunctions.calls;

import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Attempts of one job, one after the other, over one folder of journals. */
@Timeout(20)
abstract class OperatorAttempts {
  final Gates gates = new Gates();
  final Gates later = new Gates();
  final Gates last = new Gates();
  final JobID job = new JobID();
  @TempDir Path folder;

  DurableOptions<Tuple2<String, Integer>> options() {
    return OperatorRig.options().journal(folder.toString());
  }

  OperatorRig attempt(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      long checkpoint,
      OperatorSubtaskState state)
      throws Exception {
    return OperatorRig.restore(function, options(), job, checkpoint, state, 1, 1, 0);
  }

  /** Runs mails until a call was made, which is after the record of the call before it. */
  static void runUntilMade(OperatorRig rig, Gates gates, String call) throws Exception {
    while (!gates.made.contains(call)) {
      // After its mail a worker has yet to begin the call.
      rig.runMails();
      Thread.onSpinWait();
    }
  }

  /**
   * An attempt that ends between the two calls of elements a1, b1, ... that follow checkpoint 1.
   */
  OperatorSubtaskState failBetweenCalls(String... keys) throws Exception {
    try (OperatorRig rig = attempt(calls(gates, "first", "second"), 0, null)) {
      OperatorSubtaskState state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
      for (String key : keys) {
        rig.send(key, 1, 1);
        gates.open(key + "1first", "1");
        runUntilMade(rig, gates, key + "1second");
      }
      return state;
    }
  }

  long finishedCalls() throws IOException {
    List<JournalRecord> records = new ArrayList<>();
    for (Path journal : journals()) {
      Journal.read(journal, records::add);
    }
    return records.stream().filter(JournalRecord.CallFinished.class::isInstance).count();
  }

  List<Path> journals() throws IOException {
    int ofJournals = 3;
    try (Stream<Path> files = Files.walk(folder, ofJournals)) {
      return files
          .filter(file -> file.getFileName().toString().matches("\\d+-groups-.*"))
          .collect(Collectors.toList());
    }
  }
}
