// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import static dev.fermata.journal.Records.ALL_KINDS;
import static dev.fermata.journal.Records.await;
import static dev.fermata.journal.Records.finished;
import static dev.fermata.journal.Records.read;
import static dev.fermata.journal.Records.returned;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.Waiting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a journal remembers, in this process and in the next. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JournalTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void everyKindOfRecordComesBackAsItWas(Level level) {
    try (Journal journal = Journal.open(folder)) {
      for (JournalRecord record : ALL_KINDS) {
        await(journal.append(record, level));
      }
      assertThat(journal.records("grüße-1")).isEqualTo(ALL_KINDS);
    }

    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.records("grüße-1")).isEqualTo(ALL_KINDS);
      assertThat(journal.unfinishedActions()).containsExactly("grüße-1");
    }
    assertThat(read(folder)).isEqualTo(ALL_KINDS);
  }

  @Test
  void theEndOfAnActionEndsItsRecordsAndItsNextRunBeginsAnew() {
    try (Journal journal = Journal.open(folder)) {
      await(journal.append(returned("a", 0), Level.DISK));
      await(journal.append(returned("b", 0), Level.DISK));
      await(journal.append(finished("a"), Level.DISK));

      assertThat(journal.records("a")).isEmpty();
      assertThat(journal.unfinishedActions()).containsExactly("b");

      await(journal.append(returned("a", 1), Level.DISK));
      assertThat(journal.records("a")).containsExactly(returned("a", 1));
    }

    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.records("a")).containsExactly(returned("a", 1));
      assertThat(journal.records("b")).containsExactly(returned("b", 0));
      assertThat(journal.records("unknown")).isEmpty();
      assertThat(journal.unfinishedActions()).containsExactlyInAnyOrder("a", "b");
    }
  }

  @Test
  void anActionThatEndedBeforeItsLastRecordWasAcknowledgedHasEnded() {
    try (Journal journal = Journal.open(folder)) {
      CompletableFuture<Void> last = journal.append(returned("a", 0), Level.DISK);
      await(journal.append(finished("a"), Level.MEMORY));
      await(last);
      assertThat(journal.unfinishedActions()).isEmpty();
    }
    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.unfinishedActions()).isEmpty();
    }
  }

  @Test
  void recordsOfLevelMemoryAreAcknowledgedAtOnceAndTakenAlongByLaterOnes() {
    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.append(returned("a", 0), Level.MEMORY)).isCompleted();
      assertThat(journal.records("a")).containsExactly(returned("a", 0));

      await(journal.append(returned("b", 0), Level.DISK));
      assertThat(read(folder)).containsExactly(returned("a", 0), returned("b", 0));

      CompletableFuture<Void> last = journal.append(returned("a", 1), Level.MEMORY);
      await(journal.sync());
      assertThat(last).isCompleted();
      assertThat(read(folder)).contains(returned("a", 1));
      assertThat(journal.stats().syncs()).isPositive();
      assertThat(journal.stats().failedBatches()).isZero();
    }
  }

  @Test
  void tenThousandAppendsInFlightShareSyncsAndAreAllThereInTheirThreadsOrder() {
    int threads = 10;
    int each = 1_000;
    ConcurrentLinkedQueue<CompletableFuture<Void>> appends = new ConcurrentLinkedQueue<>();
    CyclicBarrier start = new CyclicBarrier(threads);
    try (Journal journal = Journal.open(folder)) {
      List<Thread> running =
          IntStream.range(0, threads)
              .mapToObj(
                  thread ->
                      new Thread(
                          () -> {
                            Waiting.await(start);
                            for (int place = 0; place < each; place++) {
                              appends.add(
                                  journal.append(returned("action-" + thread, place), Level.DISK));
                            }
                          }))
              .collect(Collectors.toList());
      running.forEach(Thread::start);
      running.forEach(Waiting::join);
      assertThat(appends).hasSize(threads * each);
      await(CompletableFuture.allOf(appends.toArray(new CompletableFuture<?>[0])));
      assertThat(journal.stats().syncs()).isLessThan(threads * each / 4);
      assertAllThere(journal, threads, each);
    }
    try (Journal journal = Journal.open(folder)) {
      assertAllThere(journal, threads, each);
    }
  }

  private static void assertAllThere(Journal journal, int threads, int each) {
    for (int thread = 0; thread < threads; thread++) {
      String action = "action-" + thread;
      assertThat(journal.records(action))
          .isEqualTo(
              IntStream.range(0, each)
                  .mapToObj(place -> returned(action, place))
                  .collect(Collectors.toList()));
    }
  }

  @Test
  void compactionDropsFinishedActionsAndNothingElse() {
    JournalOptions options = JournalOptions.inFolder(folder).segmentBytes(4096).build();
    List<JournalRecord> kept = new ArrayList<>();
    try (Journal journal = Journal.open(options)) {
      for (int i = 0; i < 300; i++) {
        await(journal.append(returned("kept", i), Level.OS));
        kept.add(returned("kept", i));
        await(journal.append(returned("finished-" + i, 0), Level.OS));
        await(journal.append(finished("finished-" + i), Level.OS));
      }
      await(journal.sync());
      assertThat(journal.stats().segments()).isGreaterThan(2);
    }
    try (Journal journal = Journal.open(options)) {
      journal.compact();
      assertThat(read(folder)).isEqualTo(kept);
      await(journal.append(returned("more", 0), Level.DISK));
    }
    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.records("kept")).isEqualTo(kept);
      assertThat(journal.unfinishedActions()).containsExactlyInAnyOrder("kept", "more");
    }
  }

  @Test
  void closingWritesWhatWasAppendedReleasesTheFolderAndLeavesNoThread() {
    FermataThreads threads = new FermataThreads("fermata-journal");
    Journal journal = Journal.open(folder);
    List<CompletableFuture<Void>> appends = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      appends.add(journal.append(returned("a", i), i % 2 == 0 ? Level.DISK : Level.MEMORY));
    }
    assertThat(threads.alive()).isNotEmpty();

    journal.close();
    journal.close();

    assertThat(appends).allMatch(append -> append.isDone() && !append.isCompletedExceptionally());
    assertThat(journal.records("a")).hasSize(1_000);
    for (Runnable use :
        List.<Runnable>of(
            () -> journal.append(finished("a"), Level.MEMORY),
            journal::sync,
            journal::compact,
            journal::stats)) {
      assertThatThrownBy(use::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
    assertThat(journal.records("a")).as("unchanged by what was refused").hasSize(1_000);
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
    try (Journal again = Journal.open(folder)) {
      assertThat(again.records("a")).hasSize(1_000);
    }
  }

  @Test
  void theJournalsThreadMayNotCloseIt() {
    Thread here = Thread.currentThread();
    JournalOptions options = JournalOptions.inFolder(folder).maxDelay(Duration.ofMillis(5)).build();
    try (Journal journal = Journal.open(options)) {
      // A dependent that comes too late runs here, where the journal may be closed.
      Throwable thrown = null;
      while (thrown == null) {
        thrown =
            journal
                .append(returned("a", 0), Level.DISK)
                .thenApply(
                    done -> Thread.currentThread() == here ? null : catchThrowable(journal::close))
                .join();
      }
      assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
      await(journal.append(returned("a", 1), Level.DISK));
    }
  }

  @Test
  void aJournalThatNobodyHoldsIsClosed() {
    CompletableFuture<Void> append = Journal.open(folder).append(returned("a", 0), Level.DISK);
    await(append);
    Waiting.until(
        "the folder is released",
        () -> {
          System.gc();
          return canBeOpened();
        });
    assertThat(read(folder)).containsExactly(returned("a", 0));
  }

  private boolean canBeOpened() {
    try {
      Journal.open(folder).close();
      return true;
    } catch (FermataException locked) {
      assertThat(locked.kind()).isEqualTo(ErrorKind.LOCKED);
      return false;
    }
  }

  @Test
  void aFolderWithoutAJournalIsEmptyAndIsMadeWhenOneIsOpened() {
    assertThat(read(folder)).isEmpty();
    Path deeper = folder.resolve("a/b");
    assertThatThrownBy(() -> read(deeper))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(deeper.toString());
    Journal.open(deeper).close();
    assertThat(read(deeper)).isEmpty();
  }

  @Test
  void whatAConsumerThrowsEndsTheReading() {
    try (Journal journal = Journal.open(folder)) {
      for (int i = 0; i < 3; i++) {
        await(journal.append(returned("a", i), Level.OS));
      }
      List<JournalRecord> seen = Collections.synchronizedList(new ArrayList<>());
      IllegalStateException enough = new IllegalStateException("enough");
      assertThatThrownBy(
              () ->
                  Journal.read(
                      folder,
                      record -> {
                        seen.add(record);
                        throw enough;
                      }))
          .isSameAs(enough);
      assertThat(seen).containsExactly(returned("a", 0));
    }
  }
}
