// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The event log tells the life of an element. */
@Timeout(20)
class EventLogTest {
  @TempDir Path folder;
  private final Gates gates = new Gates();

  @Test
  void eventsAreJsonLines() throws Exception {
    DurableFunction<String, org.apache.flink.api.java.tuple.Tuple2<String, Integer>, String>
        function =
            (element, context, out) -> {
              context.call("one", String.class, gates.call("one"));
              out.collect(context.call("two", String.class, gates.call("two")));
            };
    OperatorSubtaskState state;
    try (OperatorRig rig =
        OperatorRig.open(function, OperatorRig.options().eventLog(folder + "/first"))) {
      rig.send("say \"a\"", 1, 1);
      gates.open("one");
      rig.runNextMail();
      state = rig.snapshot();
    }
    gates.open("two");
    try (OperatorRig rig =
        OperatorRig.restore(function, OperatorRig.options().eventLog(folder + "/second"), state)) {
      rig.runUntilOutput(1);
    }

    assertThat(events("first"))
        .startsWith("received", "started", "suspended [one]", "resumed [one]", "suspended [two]");
    assertThat(events("second"))
        .containsExactly("started", "replayed one", "suspended [two]", "resumed [two]", "finished");
    assertThat(lines("first").get(0))
        .matches(
            "\\{\"time\":\\d+,\"event\":\"received\",\"element\":0,\"kind\":\"ELEMENT\","
                + "\"key\":\"say \\\\\"a\\\\\"\"}");
  }

  private List<String> lines(String run) throws Exception {
    try (Stream<Path> files = Files.list(folder.resolve(run))) {
      return Files.readAllLines(files.findFirst().orElseThrow());
    }
  }

  private List<String> events(String run) throws Exception {
    return lines(run).stream()
        .map(
            line -> {
              String event = line.replaceAll(".*\"event\":\"(\\w+)\".*", "$1");
              return line.contains("\"detail\"")
                  ? event + " " + line.replaceAll(".*\"detail\":\"(.*)\"}", "$1")
                  : event;
            })
        .collect(Collectors.toList());
  }
}
