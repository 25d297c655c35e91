// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.flink.journal.AttemptJournal;
import dev.fermata.flink.journal.JournalHome;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.clock.SystemClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps outcomes in a journal on shared storage, one for each attempt of each subtask.
 *
 * <p>An element that arrives again after a failure is known by its digest, and among equal ones of
 * a key by their order: the first that comes takes the record of the first that came after the
 * checkpoint. What it asks for is compared with its record step by step: kind, name, type, version
 * of the function, and a digest of what it had read from keyed state. Where they differ the record
 * ends. A step is never answered from a record that was made under other circumstances.
 *
 * <p>When a record cannot be written the function goes on, and no later record of that element is
 * written: none shall stand in a journal without those that it builds on.
 */
final class FolderCallJournal<K, IN> implements CallJournal<K, IN> {
  private static final Logger LOG = LoggerFactory.getLogger(FolderCallJournal.class);
  private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

  private final JournalHome home;
  private final List<String> previousHomes;
  private final ElementDigest<K, IN> digests;
  private final Level level;
  private final Duration retention;
  private final Duration closeTimeout;
  private final long restoredCheckpoint;
  private final String attempt = UUID.randomUUID().toString().substring(0, 13);
  private final LongAdder missed = new LongAdder();

  /** By digest, records of elements that have not arrived again, in their order. */
  private final Map<ByteBuffer, Queue<RecordedElement>> expected = new HashMap<>();

  private long epoch;
  private AttemptJournal journal;

  /**
   * Creates a journal that has not begun.
   *
   * @param home where the journals of this operator are
   * @param previousHomes names of those of the job that the checkpoint is of
   * @param digests of the elements
   * @param options of the operator, with a folder
   * @param restoredCheckpoint which was restored, or 0
   */
  FolderCallJournal(
      JournalHome home,
      List<String> previousHomes,
      ElementDigest<K, IN> digests,
      OperatorOptions<IN> options,
      long restoredCheckpoint) {
    this.home = home;
    this.previousHomes = previousHomes;
    this.digests = digests;
    level = options.journalLevel;
    retention = options.journalRetention;
    closeTimeout = options.closeTimeout;
    this.restoredCheckpoint = restoredCheckpoint;
    epoch = restoredCheckpoint;
  }

  @Override
  public void begin(List<InFlight<K, IN>> inFlight) throws IOException {
    journal =
        AttemptJournal.begin(
            home,
            previousHomes,
            retention,
            SystemClock.getInstance(),
            closeTimeout,
            leftBehind -> takeOver(leftBehind, inFlight));
    expected.values().forEach(equal -> equal.forEach(recorded -> journal.await(recorded.id)));
    for (InFlight<K, IN> element : inFlight) {
      if (element.id == null && !element.finished) {
        arrived(element);
      }
    }
  }

  /** Chooses what may still be asked for, and hands it to the elements that are there. */
  private List<JournalRecord> takeOver(
      Map<String, List<JournalRecord>> leftBehind, List<InFlight<K, IN>> inFlight)
      throws IOException {
    List<JournalRecord> kept = new ArrayList<>();
    Set<String> present = new HashSet<>();
    for (InFlight<K, IN> element : inFlight) {
      if (element.id == null) {
        continue;
      }
      present.add(element.id);
      if (!element.finished) {
        List<JournalRecord> records = leftBehind.getOrDefault(element.id, List.of());
        RecordedElement recorded = RecordedElement.read(element.id, records);
        element.journaled = recorded.steps;
        // One that no journal knows is started here too: its steps will be in this one. If the
        // next checkpoint completes without it, it is done.
        recorded.addTo(kept, digests.of(element), restoredCheckpoint);
      }
    }
    List<RecordedElement> absent = new ArrayList<>();
    for (Map.Entry<String, List<JournalRecord>> entry : leftBehind.entrySet()) {
      if (present.contains(entry.getKey())) {
        continue;
      }
      RecordedElement recorded = RecordedElement.read(entry.getKey(), entry.getValue());
      if (!recorded.isStarted()) {
        LOG.warn(
            "The journals have calls of {}, but not which element that is: if it comes again they"
                + " are made again",
            recorded.id);
      } else if (recorded.epoch() >= restoredCheckpoint) {
        absent.add(recorded);
      }
    }
    // Those that arrived again in the latest attempt are the first ones of their kind.
    absent.sort(Comparator.comparingLong(RecordedElement::epoch));
    for (RecordedElement recorded : absent) {
      byte[] digest = recorded.digest();
      expected.computeIfAbsent(ByteBuffer.wrap(digest), none -> new ArrayDeque<>(1)).add(recorded);
      recorded.addTo(kept, digest, RecordedElement.NOT_ARRIVED);
    }
    return kept;
  }

  @Override
  public void arrived(InFlight<K, IN> element) {
    byte[] digest = digests.of(element);
    RecordedElement recorded = takeExpected(ByteBuffer.wrap(digest));
    if (recorded == null) {
      element.id = AttemptJournal.id(element.key, attempt + "." + element.sequence);
    } else {
      element.id = recorded.id;
      element.journaled = recorded.steps;
      journal.cameAgain(recorded.id);
    }
    append(element, RecordedElement.started(element.id, digest, epoch), Level.MEMORY);
  }

  private RecordedElement takeExpected(ByteBuffer digest) {
    Queue<RecordedElement> equal = expected.get(digest);
    if (equal == null) {
      return null;
    }
    RecordedElement first = equal.remove();
    if (equal.isEmpty()) {
      expected.remove(digest);
    }
    return first;
  }

  @Override
  public void asked(InFlight<K, IN> element, Step step, long reads) {
    if (step.isDone()) {
      return;
    }
    int place = element.log.latestPlace();
    RecordedStep asked = new RecordedStep(step, element.log.version(), reads);
    byte[] record = element.journaled.remove(place);
    if (record != null) {
      RecordedStep recorded = read(element, record);
      if (asked.isSame(recorded)) {
        step.answer(recorded.step);
        return;
      }
      missed.increment();
      LOG.warn(
          "Of {} an earlier attempt recorded, after the checkpoint, {} as number {}, but now the"
              + " function asks for {}{}. The record ends here: calls from here on are made again.",
          element,
          recorded.step,
          place + 1,
          step,
          step.isSame(recorded.step) ? " after it has read other state or changed" : "");
      forget(element, place);
    }
    step.recordBy(done -> record(element, place, asked));
  }

  private static RecordedStep read(InFlight<?, ?> element, byte[] record) {
    try {
      return RecordedStep.read(record);
    } catch (IOException unreadable) {
      throw new FlinkRuntimeException(
          "A call of " + element + " in the journal cannot be read", unreadable);
    }
  }

  @Override
  public void restarted(InFlight<K, IN> element) {
    forget(element, 0);
  }

  /** Voids the steps of an element from a place on, for later attempts too. */
  private void forget(InFlight<K, IN> element, int from) {
    int end = element.log.length();
    for (int place : element.journaled.keySet()) {
      end = Math.max(end, place + 1);
    }
    // From the end, so that a crash between two of them leaves no step behind one that is void.
    for (int place = end - 1; place >= from; place--) {
      append(
          element,
          new JournalRecord.CallFinished(element.id, place, RecordedElement.VOID),
          Level.MEMORY);
    }
    element.journaled = new HashMap<>();
  }

  /** On the thread that brought the outcome. */
  private CompletableFuture<Void> record(InFlight<K, IN> element, int place, RecordedStep step) {
    try {
      return append(
          element,
          new JournalRecord.CallFinished(element.id, place, step.write()),
          step.isFree() ? Level.MEMORY : level);
    } catch (IOException | RuntimeException notSerializable) {
      element.unrecorded = true;
      LOG.error("{} of {} cannot be recorded", step.step, element, notSerializable);
      return NOTHING;
    }
  }

  private CompletableFuture<Void> append(
      InFlight<K, IN> element, JournalRecord record, Level atLevel) {
    if (element.unrecorded) {
      return NOTHING;
    }
    return journal
        .append(record, atLevel)
        .thenAccept(
            isThere -> {
              if (!isThere) {
                element.unrecorded = true;
              }
            });
  }

  @Override
  public void finished(InFlight<K, IN> element) {
    journal.finished(element.id);
  }

  @Override
  public void snapshot(long checkpoint) {
    epoch = checkpoint;
    journal.snapshot(checkpoint);
  }

  @Override
  public void completed(long checkpoint) {
    Set<String> givenUp = journal.completed(checkpoint);
    if (givenUp.isEmpty()) {
      return;
    }
    expected.values().forEach(equal -> equal.removeIf(recorded -> givenUp.contains(recorded.id)));
    expected.values().removeIf(Queue::isEmpty);
  }

  @Override
  public boolean isOn() {
    return true;
  }

  /** How many records could not be written. Any thread. */
  long failedRecords() {
    return journal.failedRecords();
  }

  /** How many records did not fit what was asked for. Any thread. */
  long missedRecords() {
    return missed.sum();
  }

  @Override
  public void close() {
    if (journal != null) {
      journal.close();
    }
  }
}
