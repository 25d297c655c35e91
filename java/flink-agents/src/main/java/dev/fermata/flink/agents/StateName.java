// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Whose a state is: of which action for which event of which input. Upstream's own names do not
 * say: an event other than an input goes in by its attributes, of which most have none, and an
 * action by a hash code that is another one in each JVM. Immutable.
 */
final class StateName {
  private static final String SEPARATOR = "_";
  private static final int PARTS = 5;

  private final long sequence;
  private final String content;
  private final String event;
  private final String action;
  private final String key;

  /**
   * Names a state.
   *
   * @param key of the input, as text
   * @param sequence number of the input of its key
   * @param action its name, which is unique in an agent
   * @param event its id
   * @param content upstream's hash of the event, without underscores
   */
  StateName(String key, long sequence, String action, UUID event, String content) {
    this(
        sequence,
        content,
        event.toString(),
        UUID.nameUUIDFromBytes(action.getBytes(StandardCharsets.UTF_8)).toString(),
        key);
  }

  private StateName(long sequence, String content, String event, String action, String key) {
    this.sequence = sequence;
    this.content = content;
    this.event = event;
    this.action = action;
    this.key = key;
  }

  /**
   * Reads what {@link #toString} has written.
   *
   * @throws IllegalArgumentException if it is something else
   */
  static StateName parse(String text) {
    // The key comes last, for it alone may contain a separator.
    String[] parts = text.split(SEPARATOR, PARTS);
    if (parts.length != PARTS) {
      throw new IllegalArgumentException(text + " has " + parts.length + " parts");
    }
    return new StateName(Long.parseLong(parts[0]), parts[1], parts[2], parts[3], parts[4]);
  }

  String key() {
    return key;
  }

  long sequence() {
    return sequence;
  }

  /** Whether both are of one action of one input, for the very same event. */
  boolean isOfSameEvent(StateName other) {
    return isOfSameAction(other) && event.equals(other.event);
  }

  /** Whether both are of one action of one input, for events that upstream's hash is equal of. */
  boolean isOfEqualEvent(StateName other) {
    return isOfSameAction(other) && content.equals(other.content);
  }

  private boolean isOfSameAction(StateName other) {
    return sequence == other.sequence && key.equals(other.key) && action.equals(other.action);
  }

  @Override
  public String toString() {
    return String.join(SEPARATOR, String.valueOf(sequence), content, event, action, key);
  }
}
