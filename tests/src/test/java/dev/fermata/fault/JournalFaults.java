// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalOptions;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.Level;
import dev.fermata.testing.FaultInjection;
import dev.fermata.testing.FaultInjection.Point;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.Waiting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * A program that injects one fault after the other, each into a new journal, and checks that
 * whoever waits hears of it, that the journal then works as if nothing had been, and what it
 * remembers. Its arguments are an empty folder, and a place in object storage without a journal,
 * whose server the environment names.
 */
public final class JournalFaults {
  private static final FermataThreads THREADS = new FermataThreads("fermata-");

  private final Path parent;
  private final String inObjectStorage;
  private int folders;

  /** All of them, for one that is collected would meet the fault of the next. */
  private final List<Journal> opened = new ArrayList<>();

  private JournalFaults(Path parent, String inObjectStorage) {
    this.parent = parent;
    this.inObjectStorage = inObjectStorage;
  }

  public static void main(String[] arguments) throws Exception {
    new JournalFaults(Path.of(arguments[0]), arguments[1]).run();
  }

  private void run() throws Exception {
    refusedJournals(JournalOptions.inFolder(newFolder()).build());
    System.out.println("refused journals: survived");
    refusedJournals(JournalOptions.inObjectStorage(inObjectStorage).build());
    System.out.println("refused journals in object storage: survived");
    failingStorage();
    System.out.println("failing storage: survived");
    failingUpcalls();
    System.out.println("failing upcalls: survived");
    panicOfTheThread();
    System.out.println("panic of the journal's thread: survived");
    hangingStorage();
    System.out.println("storage that hangs: survived");
  }

  private void refusedJournals(JournalOptions options) throws Exception {
    try (Journal journal = open(options)) {
      await(journal.append(call(0), Level.DISK));
    }
    for (Point point : List.of(Point.PanicAtEntry, Point.SpawnFails, Point.AttachFails)) {
      FaultInjection.arm(point, 1);
      assertThatThrownBy(() -> open(options))
          .isInstanceOfSatisfying(
              FermataException.class,
              refused ->
                  assertThat(refused.kind())
                      .as(refused.getMessage())
                      .isEqualTo(
                          point == Point.PanicAtEntry
                              ? ErrorKind.BOUNDARY
                              : ErrorKind.THREAD_SPAWN));
      remembers(options, 0);
    }
    // An exception of the sink, during recovery.
    FaultInjection.arm(Point.ExceptionAfterUpcall, 1);
    assertThatThrownBy(() -> open(options)).hasMessage("injected fault");
    assertNothingIsLeft();
    remembers(options, 0);
  }

  private void failingStorage() throws Exception {
    Path folder = newFolder();
    try (Journal journal = open(folder)) {
      await(journal.append(call(0), Level.DISK));
      // Twice, for they may come to the storage together or one after the other.
      FaultInjection.arm(Point.WriteFails, 2);
      await(journal.append(call(1), Level.MEMORY));
      fails(ErrorKind.NO_SPACE, () -> journal.append(call(2), Level.OS), journal);
      FaultInjection.arm(Point.WriteFails, 0);
      FaultInjection.arm(Point.SyncFails, 1);
      fails(ErrorKind.IO, () -> journal.append(call(3), Level.DISK), journal);
      await(journal.append(call(4), Level.DISK));
      assertThat(journal.stats().failedBatches()).isGreaterThanOrEqualTo(2);
      assertThat(journal.stats().abandonedSegments()).isGreaterThanOrEqualTo(2);
    }
    remembers(folder, 0, 1, 4);
  }

  private void failingUpcalls() throws Exception {
    Path folder = newFolder();
    try (Journal journal = open(folder)) {
      FaultInjection.arm(Point.PanicAtEntry, 1);
      fails(ErrorKind.BOUNDARY, () -> journal.append(call(0), Level.DISK), journal);
      FaultInjection.arm(Point.PanicAtEntry, 1);
      fails(ErrorKind.BOUNDARY, journal::sync, journal);
      FaultInjection.arm(Point.PanicBeforeUpcall, 1);
      fails(ErrorKind.BOUNDARY, () -> journal.append(call(1), Level.DISK), journal);
      // From here on the journal's thread is not in the upcall any more that told of the failure.
      await(journal.append(call(2), Level.DISK));
      FaultInjection.arm(Point.ExceptionAfterUpcall, 1);
      await(journal.append(call(3), Level.DISK));
      await(journal.append(call(4), Level.DISK));
    }
    // The first one never was appended. The second was, and only telling of it failed.
    remembers(folder, 1, 2, 3, 4);
  }

  private void panicOfTheThread() throws Exception {
    Path folder = newFolder();
    Journal journal = open(folder);
    await(journal.append(call(0), Level.DISK));
    FaultInjection.arm(Point.PanicInWriter, 1);
    fails(ErrorKind.CLOSED, () -> journal.append(call(1), Level.DISK), journal);
    assertThatThrownBy(() -> journal.append(call(2), Level.MEMORY))
        .isInstanceOf(IllegalStateException.class);
    journal.close();
    remembers(folder, 0);
  }

  private void hangingStorage() throws Exception {
    Path folder = newFolder();
    Journal journal =
        open(
            JournalOptions.inFolder(folder)
                .maxPendingBytes(100_000)
                .closeTimeout(Duration.ofMillis(100))
                .build());
    FaultInjection.arm(Point.StorageHangs, 1);
    List<CompletableFuture<Void>> appends = new ArrayList<>();
    while (appends.stream().noneMatch(CompletableFuture::isCompletedExceptionally)) {
      appends.add(journal.append(call(appends.size()), Level.DISK));
    }
    CompletableFuture<Void> refused = appends.remove(appends.size() - 1);
    assertThat(failure(refused).kind()).isEqualTo(ErrorKind.BACKPRESSURE);

    assertThatThrownBy(journal::close)
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.TIMED_OUT));
    for (CompletableFuture<Void> append : appends) {
      assertThat(failure(append).kind()).isEqualTo(ErrorKind.TIMED_OUT);
    }
    assertThat(journal.unfinishedActions()).isEmpty();
    journal.close();
    assertThatThrownBy(() -> open(folder)).isInstanceOf(FermataException.class);

    FaultInjection.arm(Point.StorageHangs, 0);
    assertNothingIsLeft();
    try (Journal again = open(folder)) {
      assertThat(again.records("a")).hasSameSizeAs(appends);
    }
  }

  private interface Use {
    CompletableFuture<Void> begin();
  }

  /** One append or sync fails, and nothing of it is among the records. */
  private static void fails(ErrorKind kind, Use use, Journal journal) {
    List<JournalRecord> before = journal.records("a");
    FermataException failure = failure(use.begin());
    assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(kind);
    assertThat(failure.getMessage()).isNotBlank();
    assertThat(journal.records("a")).isEqualTo(before);
  }

  private static FermataException failure(CompletableFuture<Void> append) {
    try {
      append.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
      throw new AssertionError("no failure");
    } catch (ExecutionException failed) {
      return (FermataException) failed.getCause();
    } catch (InterruptedException | TimeoutException unanswered) {
      throw new AssertionError("nobody was told", unanswered);
    }
  }

  private static void await(CompletableFuture<Void> append) throws Exception {
    append.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  private void remembers(Path folder, long... places) {
    remembers(JournalOptions.inFolder(folder).build(), places);
  }

  /** The journal has the calls of these places, and is free. */
  private void remembers(JournalOptions options, long... places) {
    assertNothingIsLeft();
    try (Journal journal = open(options)) {
      assertThat(journal.records("a").stream().mapToLong(record -> ((CallFinished) record).place()))
          .as("places")
          .containsExactlyElementsOf(Arrays.stream(places).boxed().collect(Collectors.toList()));
    }
    assertNothingIsLeft();
  }

  private static void assertNothingIsLeft() {
    Waiting.until("no thread is left", () -> THREADS.alive().isEmpty());
    Waiting.until("no reference is left", () -> FaultInjection.liveGlobalReferences() == 0);
  }

  private static JournalRecord call(long place) {
    return new CallFinished("a", place, new byte[1_000]);
  }

  private Journal open(Path folder) {
    return open(JournalOptions.inFolder(folder).build());
  }

  private Journal open(JournalOptions options) {
    Journal journal = Journal.open(options);
    opened.add(journal);
    return journal;
  }

  private Path newFolder() {
    folders++;
    return parent.resolve("journal-" + folders);
  }
}
