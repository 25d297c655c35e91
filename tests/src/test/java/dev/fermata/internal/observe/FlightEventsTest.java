// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightEventsTest {
  private static final String EXECUTOR = "test";
  private static final List<String> EVENTS = List.of("Suspend", "Resume", "Call", "Pinned");

  @TempDir private Path folder;

  @Test
  void nothingIsMadeWhenNobodyRecords() {
    Object unprintable =
        new Object() {
          @Override
          public String toString() {
            throw new AssertionError("turned into text though nobody records");
          }
        };

    assertThat(
            List.of(
                FlightEvents.suspend(EXECUTOR, unprintable, unprintable),
                FlightEvents.resume(EXECUTOR, unprintable),
                FlightEvents.call(EXECUTOR, Object.class, 0),
                FlightEvents.pinned(EXECUTOR, unprintable, unprintable)))
        .containsOnly(FlightEvents.Interval.NOT_RECORDED);
  }

  @Test
  void eventsThatARecordingSwitchesOffAreNotMade() throws Exception {
    List<RecordedEvent> events = record(List.of("Call"), this::emitAll);

    assertThat(events).extracting(e -> e.getEventType().getName()).containsExactly(name("Call"));
  }

  @Test
  void eachEventTellsWhatHappened() throws Exception {
    List<RecordedEvent> events = record(EVENTS, this::emitAll);

    assertThat(events)
        .allSatisfy(
            event -> {
              assertThat(event.getEventType().getCategoryNames()).containsExactly("Fermata");
              assertThat(event.getString("executor")).isEqualTo(EXECUTOR);
              assertThat(event.getDuration()).isPositive();
            });
    RecordedEvent suspend = only(events, "Suspend");
    assertThat(suspend.getString("action")).isEqualTo("a1");
    assertThat(suspend.getString("waitsFor")).isEqualTo("3 calls");
    assertThat(suspend.getString("outcome")).isEqualTo("satisfied");
    assertThat(frames(suspend)).contains("emitAll");
    RecordedEvent resume = only(events, "Resume");
    assertThat(resume.getString("action")).isEqualTo("a1");
    assertThat(resume.getString("outcome")).isEqualTo("finished");
    RecordedEvent call = only(events, "Call");
    assertThat(call.getClass("supplier").getName()).isEqualTo(FlightEventsTest.class.getName());
    assertThat(call.getDuration("queued")).isGreaterThan(Duration.ZERO);
    assertThat(call.getString("outcome")).isEqualTo("value");
    RecordedEvent pinned = only(events, "Pinned");
    assertThat(pinned.getString("reason")).isEqualTo("MONITOR");
    assertThat(frames(pinned)).contains("emitAll");
  }

  private void emitAll() {
    end(FlightEvents.suspend(EXECUTOR, "a1", "3 calls"), "satisfied");
    end(FlightEvents.resume(EXECUTOR, "a1"), "finished");
    end(FlightEvents.call(EXECUTOR, FlightEventsTest.class, System.nanoTime() - 1_000), "value");
    end(FlightEvents.pinned(EXECUTOR, "a1", "MONITOR"), "value");
  }

  /** Ends an interval that lasted for at least one tick of the recorder's clock. */
  private static void end(FlightEvents.Interval interval, String outcome) {
    Instant begin = Instant.now();
    while (!Instant.now().isAfter(begin.plusNanos(100_000))) {
      Thread.onSpinWait();
    }
    interval.end(outcome);
  }

  private List<RecordedEvent> record(List<String> enabled, Runnable code) throws Exception {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      EVENTS.forEach(event -> recording.disable(name(event)));
      enabled.forEach(event -> recording.enable(name(event)));
      recording.start();
      code.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith(name("")))
        .collect(Collectors.toList());
  }

  private static String name(String event) {
    return "dev.fermata." + event;
  }

  private static RecordedEvent only(List<RecordedEvent> events, String name) {
    List<RecordedEvent> found =
        events.stream()
            .filter(event -> event.getEventType().getName().equals(name(name)))
            .collect(Collectors.toList());
    assertThat(found).as(name).hasSize(1);
    return found.get(0);
  }

  private static List<String> frames(RecordedEvent event) {
    return event.getStackTrace().getFrames().stream()
        .map(frame -> frame.getMethod().getName())
        .collect(Collectors.toList());
  }
}
