// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells what happens to elements and calls, one JSON object a line. Thread-safe; without a folder
 * it writes nothing. When writing fails it warns once and stops: the job goes on.
 */
final class EventLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);

  private final Path file;
  private Writer writer;

  private EventLog(Path file, Writer writer) {
    this.file = file;
    this.writer = writer;
  }

  /**
   * Opens a log.
   *
   * @param folder made if absent; null for no log
   * @param name of the file, without its extension
   * @throws IOException if the file cannot be made
   */
  static EventLog open(String folder, String name) throws IOException {
    if (folder == null) {
      return new EventLog(null, null);
    }
    Path file = Paths.get(folder, name.replaceAll("[^A-Za-z0-9._-]+", "-") + ".jsonl");
    Files.createDirectories(file.getParent());
    return new EventLog(file, Files.newBufferedWriter(file));
  }

  /** Writes an event of an element. */
  void write(String event, InFlight<?, ?> element) {
    write(event, element, null);
  }

  /**
   * Writes an event of an element.
   *
   * @param detail the call or the reason; null for none
   */
  synchronized void write(String event, InFlight<?, ?> element, String detail) {
    if (writer == null) {
      return;
    }
    StringBuilder line = new StringBuilder(128);
    line.append("{\"time\":").append(System.currentTimeMillis());
    append(line.append(",\"event\":"), event);
    line.append(",\"element\":").append(element.sequence);
    append(line.append(",\"kind\":"), element.kind.name());
    append(line.append(",\"key\":"), String.valueOf(element.key));
    if (detail != null) {
      append(line.append(",\"detail\":"), detail);
    }
    line.append("}\n");
    try {
      writer.append(line);
      writer.flush();
    } catch (IOException failed) {
      LOG.warn("The event log {} ends here: it cannot be written.", file, failed);
      close();
    }
  }

  @Override
  public synchronized void close() {
    if (writer == null) {
      return;
    }
    try {
      writer.close();
    } catch (IOException failed) {
      LOG.warn("The event log {} may be incomplete: it could not be closed.", file, failed);
    }
    writer = null;
  }

  private static void append(StringBuilder line, String text) {
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        line.append('\\').append(c);
      } else if (c < ' ') {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    line.append('"');
  }
}
