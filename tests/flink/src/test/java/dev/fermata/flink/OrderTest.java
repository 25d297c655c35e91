// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.streaming.api.datastream.AsyncDataStream.OutputMode;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributes;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributesBuilder;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who runs when, and in which order output and watermarks leave. */
@Timeout(20)
class OrderTest {
  private final Gates gates = new Gates();
  private final List<String> started = new ArrayList<>();

  /** One call per element, named by key and number, whose answer is the output. */
  private final DurableFunction<String, Tuple2<String, Integer>, String> function =
      (element, context, out) -> {
        String name = element.f0 + element.f1;
        started.add(name);
        out.collect(context.call(name, String.class, gates.call(name)));
      };

  @Test
  void keysOverlapAndEachKeyKeepsItsOrder() throws Exception {
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 1).send("a", 2, 2).send("b", 1, 3);
      gates.awaitBegun("a1").awaitBegun("b1");
      assertThat(gates.made).containsExactlyInAnyOrder("a1", "b1");

      gates.open("b1");
      rig.runUntilOutput(1);
      gates.open("a2").open("a1");
      rig.runUntilOutput(3);

      assertThat(rig.output()).containsExactly("b1", "a1", "a2");
    }
  }

  @Test
  void orderedOutputKeepsTheOrderOfElements() throws Exception {
    DurableOptions<Tuple2<String, Integer>> ordered =
        OperatorRig.options().outputMode(OutputMode.ORDERED);
    try (OperatorRig rig = OperatorRig.open(function, ordered)) {
      rig.send("a", 1, 1).send("b", 1, 2).watermark(2).send("b", 2, 3);
      gates.open("b1").open("b2");
      // Once b2 has begun b1 is done, and waits for a1 all the same.
      rig.runUntil(() -> started.contains("b2"));
      assertThat(rig.output()).isEmpty();

      gates.open("a1");
      rig.runUntilOutput(4);
      assertThat(rig.output()).containsExactly("a1", "b1", "W2", "b2");
    }
  }

  @Test
  void watermarksAndMarkersDoNotOvertakeElements() throws Exception {
    assertStayInPlace(
        rig -> {
          rig.watermark(1);
          rig.harness.getOneInputOperator().processLatencyMarker(marker());
        },
        "W1",
        "L");
  }

  @Test
  void theStatusOfWatermarksDoesNotOvertakeElements() throws Exception {
    assertStayInPlace(
        rig -> {
          rig.harness.processWatermarkStatus(WatermarkStatus.IDLE);
          rig.harness.processWatermarkStatus(WatermarkStatus.ACTIVE);
        },
        "IDLE",
        "ACTIVE");
  }

  /** Sends the two between an element that waits and others that are done, and lets it end last. */
  private void assertStayInPlace(
      ThrowingConsumer<OperatorRig> send, String firstOutput, String secondOutput)
      throws Exception {
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 1);
      send.accept(rig);
      rig.send("b", 1, 2).send("b", 2, 3);
      gates.open("b1").open("b2");
      // Once b2 has begun b1 is done.
      rig.runUntil(() -> started.contains("b2"));
      assertThat(rig.output()).isEmpty();

      gates.open("a1");
      rig.runUntilOutput(5);
      assertThat(rig.output()).containsExactly("a1", firstOutput, secondOutput, "b1", "b2");
    }
  }

  @Test
  void attributesOfRecordsDoNotOvertakeElements() throws Exception {
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 1);
      rig.harness.processRecordAttributes(attributes(true));
      rig.send("b", 1, 2);
      rig.harness.processRecordAttributes(attributes(false));
      gates.open("b1");
      rig.send("b", 2, 3);
      rig.runUntil(() -> started.contains("b2"));
      assertThat(rig.output()).isEmpty();

      gates.open("a1");
      rig.runUntilOutput(4);
      assertThat(rig.output()).containsExactly("a1", "BACKLOG", "b1", "NO_BACKLOG");
      gates.open("b2");
      rig.runUntilOutput(5);
    }
  }

  @Test
  void watermarksPassAtOnceWhenNothingIsInFlight() throws Exception {
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.watermark(5);
      assertThat(rig.output()).containsExactly("W5");
    }
  }

  @Test
  void atCapacityItTakesNoElementUntilOneIsDone() throws Exception {
    List<Integer> startedBefore = new CopyOnWriteArrayList<>();
    try (OperatorRig rig = OperatorRig.open(function, OperatorRig.options().capacity(2))) {
      rig.send("a", 1, 1).send("b", 1, 2);
      gates.awaitBegun("a1").awaitBegun("b1");
      CompletableFuture<Void> opener =
          CompletableFuture.runAsync(
              () -> {
                startedBefore.add(gates.made.size());
                gates.open("b1");
              });
      rig.send("c", 1, 3); // runs mails until b1 is done
      assertThat(rig.output()).containsExactly("b1");
      opener.join();
      assertThat(startedBefore).containsExactly(2);
      gates.open("a1").open("c1");
      rig.runUntilOutput(3);
    }
  }

  @Test
  void theEndOfInputWaitsForElementsInFlight() throws Exception {
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 1).send("b", 1, 2).watermark(Long.MAX_VALUE);
      gates.awaitBegun("a1").awaitBegun("b1").open("a1").open("b1");
      rig.harness.endInput();
      assertThat(rig.output()).hasSize(3).endsWith("W" + Long.MAX_VALUE);
    }
  }

  @Test
  void timestampsFollowTheElement() throws Exception {
    try (OperatorRig rig = OperatorRig.open(function)) {
      gates.open("a1");
      rig.send("a", 1, 42);
      rig.runUntilOutput(1);
      assertThat(rig.harness.getRecordOutput())
          .extracting(record -> record.getTimestamp())
          .containsExactly(42L);
    }
  }

  private static RecordAttributes attributes(boolean backlog) {
    return new RecordAttributesBuilder(List.of()).setBacklog(backlog).build();
  }

  private static LatencyMarker marker() {
    return new LatencyMarker(1, new OperatorID(), 0);
  }
}
