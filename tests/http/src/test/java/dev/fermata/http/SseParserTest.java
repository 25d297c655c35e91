// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of the specification, and streams made at random. */
class SseParserTest {
  private static final int ROUNDS = 2_000;

  private static List<SseEvent> parse(byte[] stream) {
    return SseFuzzTarget.parse(new ByteArrayInputStream(stream), 1_000_000);
  }

  private static List<SseEvent> parse(String stream) {
    return parse(stream.getBytes(StandardCharsets.UTF_8));
  }

  private static SseEvent message(String data) {
    return new SseEvent("message", data, "");
  }

  @Test
  void theExamplesOfTheSpecification() {
    assertThat(parse("data: YHOO\ndata: +2\ndata: 10\n\n"))
        .containsExactly(message("YHOO\n+2\n10"));
    assertThat(
            parse(
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                    + "data:  third event\n\n"))
        .containsExactly(
            new SseEvent("message", "first event", "1"),
            message("second event"),
            message(" third event"));
    assertThat(parse("data\n\ndata\ndata\n\ndata:")).containsExactly(message(""), message("\n"));
    assertThat(parse("data:test\n\ndata: test\n\n"))
        .containsExactly(message("test"), message("test"));
  }

  @Test
  void typeAndIdentity() {
    assertThat(parse("event: add\ndata: 1\nid: a\n\ndata: 2\n\nid: x\0y\ndata: 3\n\nevent: e\n\n"))
        .containsExactly(
            new SseEvent("add", "1", "a"),
            new SseEvent("message", "2", "a"),
            new SseEvent("message", "3", "a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r", "\r\n"})
  void everyEndOfLine(String end) {
    String stream = "data: a" + end + "data: b" + end + end + "data: c" + end + end;

    assertThat(parse(stream)).containsExactly(message("a\nb"), message("c"));
  }

  @Test
  void aByteOrderMarkIsDroppedOnce() {
    assertThat(parse("\ufeffdata: a\n\n\ufeffdata: b\n\n")).containsExactly(message("a"));
  }

  @Test
  void unknownFieldsAndCommentsAreIgnored() {
    assertThat(parse(": c\nretry: 10\nfoo: bar\n data: no\nDATA: no\ndata: yes\n\n"))
        .containsExactly(message("yes"));
  }

  @Test
  void whatIsTooLongIsRefused() {
    InputStream line = new ByteArrayInputStream(new byte[11]);
    InputStream event = new ByteArrayInputStream("data:12345\ndata:123456\n".getBytes());

    assertThatThrownBy(() -> SseFuzzTarget.parse(line, 10))
        .isInstanceOf(UncheckedIOException.class);
    assertThatThrownBy(() -> SseFuzzTarget.parse(event, 11))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("SseEvents.handler");
  }

  /** However the stream is cut, the events are those of the specification. */
  @Test
  void cutsDoNotMatter() {
    Random random = new Random(42);
    for (int round = 0; round < ROUNDS; round++) {
      SseFuzzTarget.fuzzerTestOneInput(randomStream(random).getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What is written comes back, whatever it is and however its lines end. */
  @Test
  void eventsSurviveTheFormat() {
    Random random = new Random(43);
    String[] ends = {"\n", "\r", "\r\n"};
    for (int round = 0; round < ROUNDS; round++) {
      List<SseEvent> written = new ArrayList<>();
      StringBuilder stream = new StringBuilder();
      String id = "";
      for (int i = random.nextInt(5); i >= 0; i--) {
        id = random.nextBoolean() ? id : "id" + random.nextInt(9);
        String type = random.nextBoolean() ? "message" : "type" + random.nextInt(9);
        String end = ends[random.nextInt(3)];
        String data = words(random, 4).replace("\r", "");
        written.add(new SseEvent(type, data, id));
        stream.append("id: ").append(id).append(end).append("event: ").append(type).append(end);
        for (String line : data.split("\n", -1)) {
          stream.append("data: ").append(line).append(end);
        }
        stream.append(end);
        if (end.equals("\r")) {
          stream.append(":").append(end);
        }
      }
      assertThat(parse(stream.toString())).as("round %s", round).isEqualTo(written);
    }
  }

  /** Bytes of any kind are no error. */
  @Test
  void noBytesAreRefused() {
    Random random = new Random(44);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      SseFuzzTarget.fuzzerTestOneInput(bytes);
    }
  }

  private static String randomStream(Random random) {
    String[] parts = {
      "data",
      "data:",
      "data: ",
      "event: e",
      "id: 1",
      "id",
      ":",
      "\n",
      "\r",
      "\r\n",
      "\n\n",
      "\u00e4",
      "\ud83d\ude00",
      "\ufeff",
      "\0",
      " ",
      "x"
    };
    StringBuilder stream = new StringBuilder();
    for (int i = random.nextInt(40); i >= 0; i--) {
      stream.append(parts[random.nextInt(parts.length)]);
    }
    return stream.toString();
  }

  private static String words(Random random, int most) {
    String[] words = {"", " ", "a", ":", "\u00e4", "\n", "data: x", "\ud83d\ude00"};
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      text.append(words[random.nextInt(words.length)]);
    }
    return text.toString();
  }
}
