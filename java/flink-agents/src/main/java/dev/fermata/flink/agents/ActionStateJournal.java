// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import dev.fermata.flink.journal.AttemptJournal;
import dev.fermata.flink.journal.JournalHome;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.io.IOException;
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
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.util.clock.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Upstream's {@code ActionStateStore} in a journal on shared storage: for each action the state
 * that upstream would write to Kafka, in the same form.
 *
 * <p>A state is that of the event with its id. An event that comes again after a failure has the id
 * it had, from the checkpoint or from the state of the action that sent it; where it has another
 * one, because that action runs again, its own actions do so too. Inputs, of which there is but one
 * to a number, and events of Python, have a new id each time, and are known by a hash of all that
 * they say.
 *
 * <p>It is to the operator what upstream's store on Kafka is, but for what that one loses: a state
 * is dropped from the journal when a checkpoint has completed that was taken after its input was
 * done, not before, and the state of an action in progress stays; where a state is missing those of
 * later inputs of its key are ignored, as the interface demands, those of other keys and of other
 * actions for the same input are not; keys may contain any character; and it is found before the
 * first checkpoint too.
 *
 * <p>A state with results of calls is durable when {@link #put} returns. That of an action that has
 * ended is so no later than any result of a call after it; if it is lost, the action runs again on
 * the results of its calls. {@link UpstreamStates} makes the store of it. Used on the mailbox
 * thread.
 */
final class ActionStateJournal {
  private static final Logger LOG = LoggerFactory.getLogger(ActionStateJournal.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private final UpstreamStates upstream;
  private final JournalHome home;
  private final Level level;
  private final Duration retention;
  private final Clock clock;

  /** The states by key as text and number of its input. */
  private final Map<String, NavigableMap<Long, List<State>>> states = new HashMap<>();

  /** Of the states those that earlier attempts left and that were not asked for themselves. */
  private final Set<State> takenOver = new LinkedHashSet<>();

  private Consumer<CompletableFuture<?>> waiting = ActionStateJournal::block;
  private AttemptJournal journal;

  ActionStateJournal(
      UpstreamStates upstream, JournalHome home, Level level, Duration retention, Clock clock) {
    this.upstream = upstream;
    this.home = home;
    this.level = level;
    this.retention = retention;
    this.clock = clock;
  }

  /** Makes it wait for the storage in another way than by blocking. */
  void waitBy(Consumer<CompletableFuture<?>> way) {
    waiting = way;
  }

  void put(Object key, long sequence, Object action, Object event, Object state) {
    StateName name = upstream.name(key, sequence, action, event);
    byte[] record = upstream.write(state);
    List<State> ofInput = states(name);
    cameAgain(ofInput);
    State put = find(ofInput, name, event);
    if (put == null) {
      put = new State(AttemptJournal.id(key, name.toString()), name, state);
      ofInput.add(put);
    } else {
      takenOver.remove(put);
      put.name = name;
      put.state = state;
    }
    JournalRecord written = new JournalRecord.CallFinished(put.id, 0, record);
    if (upstream.hasCallResults(state) && !upstream.isCompleted(state)) {
      waiting.accept(journal.append(written, level));
    } else {
      journal.append(written, Level.MEMORY);
    }
  }

  /** Waits by blocking, until the task is cancelled. */
  static void block(CompletableFuture<?> record) {
    try {
      record.get();
    } catch (InterruptedException cancelled) {
      Thread.currentThread().interrupt();
      throw new CancelTaskException("Interrupted while the state of an action was written");
    } catch (ExecutionException failed) {
      throw new CompletionException(failed.getCause());
    }
  }

  Object get(Object key, long sequence, Object action, Object event) {
    NavigableMap<Long, List<State>> ofKey = states.get(key.toString());
    if (ofKey == null) {
      return null;
    }
    StateName name = upstream.name(key, sequence, action, event);
    List<State> ofInput = ofKey.getOrDefault(sequence, List.of());
    cameAgain(ofInput);
    State state = find(ofInput, name, event);
    if (state != null) {
      if (takenOver.remove(state)) {
        state.name = name;
      }
      return state.state;
    }
    // Inputs come in another order than before: what followed from it does not hold.
    NavigableMap<Long, List<State>> after = ofKey.tailMap(sequence, false);
    after.values().forEach(later -> later.forEach(this::drop));
    after.clear();
    return null;
  }

  private void drop(State lost) {
    takenOver.remove(lost);
    journal.drop(lost.id);
  }

  /** Once an input is there again, what else it had led to may be asked for much later. */
  private void cameAgain(List<State> ofInput) {
    ofInput.forEach(state -> journal.cameAgain(state.id));
  }

  /** What cannot be told apart from that of another event is not found. */
  private State find(List<State> ofInput, StateName name, Object event) {
    for (State state : ofInput) {
      if (state.name.isOfSameEvent(name)) {
        return state;
      }
    }
    if (upstream.isHashedWhole(event)) {
      for (State state : ofInput) {
        if (takenOver.contains(state) && state.name.isOfEqualEvent(name)) {
          return state;
        }
      }
    }
    return null;
  }

  void rebuild(List<?> markers) throws IOException {
    Set<String> previousHomes = new LinkedHashSet<>();
    for (Object marker : markers) {
      if (marker instanceof String) {
        previousHomes.add((String) marker);
      }
    }
    journal =
        AttemptJournal.begin(home, previousHomes, retention, clock, CLOSE_TIMEOUT, this::takeOver);
    takenOver.forEach(state -> journal.await(state.id));
  }

  private List<JournalRecord> takeOver(Map<String, List<JournalRecord>> leftBehind)
      throws IOException {
    List<JournalRecord> kept = new ArrayList<>();
    for (Map.Entry<String, List<JournalRecord>> action : leftBehind.entrySet()) {
      String id = action.getKey();
      byte[] written = latest(id, action.getValue());
      StateName name = name(id);
      Object state = read(name, written);
      if (state == null) {
        continue;
      }
      State left = new State(id, name, state);
      states(name).add(left);
      takenOver.add(left);
      kept.add(new JournalRecord.CallFinished(id, 0, written));
    }
    return kept;
  }

  /** Returns null for a state that upstream can write but not read: its action runs again. */
  private Object read(StateName name, byte[] written) {
    try {
      return upstream.read(written);
    } catch (RuntimeException unreadable) {
      LOG.warn(
          "Flink Agents cannot read the state of an action for key {}, input {}, that it has"
              + " written itself; the action runs again, and makes its calls again. Its events need"
              + " to be such that Jackson can read them",
          name.key(),
          name.sequence(),
          unreadable);
      return null;
    }
  }

  private static byte[] latest(String id, List<JournalRecord> records) throws IOException {
    JournalRecord latest = records.get(records.size() - 1);
    byte[] value =
        latest instanceof JournalRecord.CallFinished
            ? ((JournalRecord.CallFinished) latest).value()
            : null;
    if (value == null) {
      throw new IOException(
          "The records of " + id + " in the journal are not those of an action of Flink Agents");
    }
    return value;
  }

  private static StateName name(String id) throws IOException {
    try {
      return StateName.parse(AttemptJournal.name(id));
    } catch (IllegalArgumentException unknown) {
      throw new IOException(
          "The journal has records of '" + id + "', which is no state of Flink Agents", unknown);
    }
  }

  private List<State> states(StateName name) {
    return states
        .computeIfAbsent(name.key(), none -> new TreeMap<>())
        .computeIfAbsent(name.sequence(), none -> new ArrayList<>());
  }

  /**
   * Forgets the states of inputs that are done. The operator calls it for the input that was in
   * progress at a checkpoint, too: what its actions have not ended, they still need.
   */
  void prune(Object key, long sequence) {
    NavigableMap<Long, List<State>> ofKey = states.get(key.toString());
    if (ofKey == null) {
      return;
    }
    Iterator<List<State>> done = ofKey.headMap(sequence, true).values().iterator();
    while (done.hasNext()) {
      List<State> ofInput = done.next();
      ofInput.removeIf(this::isOver);
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
      takenOver.remove(state);
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
    Set<String> givenUp = journal.completed(checkpoint);
    if (givenUp.isEmpty()) {
      return;
    }
    takenOver.stream()
        .filter(state -> givenUp.contains(state.id))
        .collect(Collectors.toList())
        .forEach(this::giveUp);
  }

  /** Its input does not come again. */
  private void giveUp(State state) {
    NavigableMap<Long, List<State>> ofKey = states.get(state.name.key());
    List<State> ofInput = ofKey.get(state.name.sequence());
    ofInput.remove(state);
    if (ofInput.isEmpty()) {
      ofKey.remove(state.name.sequence());
    }
    if (ofKey.isEmpty()) {
      states.remove(state.name.key());
    }
    takenOver.remove(state);
  }

  void close() {
    if (journal != null) {
      journal.close();
    }
  }

  /** Known by its identity. */
  private static final class State {
    private final String id;
    private StateName name;
    private Object state;

    State(String id, StateName name, Object state) {
      this.id = id;
      this.name = name;
      this.state = state;
    }
  }
}
