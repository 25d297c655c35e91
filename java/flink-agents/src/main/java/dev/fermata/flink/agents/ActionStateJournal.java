// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import dev.fermata.flink.journal.AttemptJournal;
import dev.fermata.flink.journal.JournalHome;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Upstream's {@code ActionStateStore} in a journal on shared storage: for each action the state
 * that upstream would write to Kafka, by the same name and in the same form.
 *
 * <p>It is to the operator what upstream's store on Kafka is, but for what that one loses: a state
 * is dropped from the journal when a checkpoint has completed that was taken after its input was
 * done, not before, and the state of an action in progress stays; where a state is missing those of
 * later inputs of its key are ignored, as the interface demands, those of other keys and of other
 * actions for the same input are not; keys may contain any character; and it is found before the
 * first checkpoint too.
 *
 * <p>A state with results of calls, or of an action that has ended, is durable when {@link #put}
 * returns. {@link UpstreamStates} makes the store of it. Used on the mailbox thread.
 */
final class ActionStateJournal {
  private static final int HEAD = Long.BYTES;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private final UpstreamStates upstream;
  private final JournalHome home;
  private final Level level;
  private final Duration retention;

  /** By key as text and number of its input the states by their names. */
  private final Map<String, NavigableMap<Long, Map<String, State>>> states = new HashMap<>();

  private Consumer<CompletableFuture<?>> waiting = CompletableFuture::join;
  private AttemptJournal journal;

  ActionStateJournal(UpstreamStates upstream, JournalHome home, Level level, Duration retention) {
    this.upstream = upstream;
    this.home = home;
    this.level = level;
    this.retention = retention;
  }

  /** Makes it wait for the storage in another way than by blocking. */
  void waitBy(Consumer<CompletableFuture<?>> way) {
    waiting = way;
  }

  void put(Object key, long sequence, Object action, Object event, Object state) {
    String name = upstream.name(key, sequence, action, event);
    State put = new State(AttemptJournal.id(key, name), state, false);
    byte[] record = record(0, upstream.write(state));
    states(key.toString(), sequence).put(name, put);
    boolean counts = upstream.isCompleted(state) || upstream.hasCallResults(state);
    // One that says nothing yet need not be waited for.
    waiting.accept(
        journal.append(
            new JournalRecord.CallFinished(put.id, 0, record), counts ? level : Level.MEMORY));
  }

  Object get(Object key, long sequence, Object action, Object event) {
    NavigableMap<Long, Map<String, State>> ofKey = states.get(key.toString());
    if (ofKey == null) {
      return null;
    }
    State state =
        ofKey.getOrDefault(sequence, Map.of()).get(upstream.name(key, sequence, action, event));
    if (state != null) {
      cameAgain(state);
      return state.state;
    }
    // Inputs come in another order than before: what followed from it does not hold.
    NavigableMap<Long, Map<String, State>> after = ofKey.tailMap(sequence, false);
    after.values().forEach(later -> later.values().forEach(lost -> journal.drop(lost.id)));
    after.clear();
    return null;
  }

  /** From now on it is kept for as long as its action takes. */
  private void cameAgain(State state) {
    if (state.isTakenOver) {
      state.isTakenOver = false;
      byte[] record = record(0, upstream.write(state.state));
      journal.append(new JournalRecord.CallFinished(state.id, 0, record), Level.MEMORY);
    }
  }

  void rebuild(List<?> markers) throws IOException {
    Set<String> previousHomes = new LinkedHashSet<>();
    for (Object marker : markers) {
      if (marker instanceof String) {
        previousHomes.add((String) marker);
      }
    }
    journal = AttemptJournal.begin(home, previousHomes, CLOSE_TIMEOUT, this::takeOver);
  }

  private List<JournalRecord> takeOver(Map<String, List<JournalRecord>> leftBehind)
      throws IOException {
    long now = System.currentTimeMillis();
    List<JournalRecord> kept = new ArrayList<>();
    for (Map.Entry<String, List<JournalRecord>> action : leftBehind.entrySet()) {
      String id = action.getKey();
      ByteBuffer latest = latest(id, action.getValue());
      long takenOver = latest.getLong();
      if (takenOver != 0 && now - takenOver > retention.toMillis()) {
        continue;
      }
      byte[] written = new byte[latest.remaining()];
      latest.get(written);
      add(id, upstream.read(written));
      kept.add(
          new JournalRecord.CallFinished(id, 0, record(takenOver == 0 ? now : takenOver, written)));
    }
    return kept;
  }

  private static ByteBuffer latest(String id, List<JournalRecord> records) throws IOException {
    JournalRecord latest = records.get(records.size() - 1);
    byte[] value =
        latest instanceof JournalRecord.CallFinished
            ? ((JournalRecord.CallFinished) latest).value()
            : null;
    if (value == null || value.length < HEAD) {
      throw new IOException(
          "The records of " + id + " in the journal are not those of an action of Flink Agents");
    }
    return ByteBuffer.wrap(value);
  }

  private static byte[] record(long takenOverMillis, byte[] written) {
    return ByteBuffer.allocate(HEAD + written.length).putLong(takenOverMillis).put(written).array();
  }

  /** A name is key_number_event_action; of these the key alone may contain an underscore. */
  private void add(String id, Object state) throws IOException {
    String name = AttemptJournal.name(id);
    try {
      String keyAndNumber = name.substring(0, name.lastIndexOf('_', name.lastIndexOf('_') - 1));
      int end = keyAndNumber.lastIndexOf('_');
      long sequence = Long.parseLong(keyAndNumber.substring(end + 1));
      states(keyAndNumber.substring(0, end), sequence).put(name, new State(id, state, true));
    } catch (IndexOutOfBoundsException | NumberFormatException unknown) {
      throw new IOException(
          "The journal has a state '" + name + "', which is not named as Flink Agents does it",
          unknown);
    }
  }

  private Map<String, State> states(String key, long sequence) {
    return states
        .computeIfAbsent(key, none -> new TreeMap<>())
        .computeIfAbsent(sequence, none -> new HashMap<>());
  }

  /**
   * Forgets the states of inputs that are done. The operator calls it for the input that was in
   * progress at a checkpoint, too: what its actions have not ended, they still need.
   */
  void prune(Object key, long sequence) {
    NavigableMap<Long, Map<String, State>> ofKey = states.get(key.toString());
    if (ofKey == null) {
      return;
    }
    Iterator<Map<String, State>> done = ofKey.headMap(sequence, true).values().iterator();
    while (done.hasNext()) {
      Map<String, State> ofInput = done.next();
      ofInput.values().removeIf(this::isOver);
      if (ofInput.isEmpty()) {
        done.remove();
      }
    }
    if (ofKey.isEmpty()) {
      states.remove(key.toString());
    }
  }

  private boolean isOver(State state) {
    boolean over = upstream.isCompleted(state.state);
    if (over) {
      journal.finished(state.id);
    }
    return over;
  }

  /** What a checkpoint holds of it: where a job with another id finds it. */
  String marker() {
    return home.name();
  }

  void snapshot(long checkpoint) {
    journal.snapshot(checkpoint);
  }

  void completed(long checkpoint) {
    journal.completed(checkpoint);
  }

  void close() {
    if (journal != null) {
      journal.close();
    }
  }

  private static final class State {
    private final String id;
    private final Object state;

    /** Whether it is from an earlier attempt and was not asked for yet. */
    private boolean isTakenOver;

    State(String id, Object state, boolean isTakenOver) {
      this.id = id;
      this.state = state;
      this.isTakenOver = isTakenOver;
    }
  }
}
