// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Records that were written, perhaps, and not acknowledged, for the storage failed or the journal
 * was closed meanwhile. A crash may bring them to light.
 */
class LostAcknowledgementTest extends UnderEachStrategy {
  private final AtomicInteger made = new AtomicInteger();
  private final AtomicInteger asked = new AtomicInteger();
  private final DurableBody<Integer> twoCalls =
      context -> 10 * call(context, "first") + call(context, "second");

  @Test
  void theActionFailsWithWhatTheJournalSaysAndOthersGoOn() {
    for (ErrorKind kind :
        List.of(
            ErrorKind.NO_SPACE,
            ErrorKind.IO,
            ErrorKind.BACKPRESSURE,
            ErrorKind.FENCED,
            ErrorKind.TIMED_OUT,
            ErrorKind.CLOSED)) {
      String id = kind.name();
      FermataException lost = new FermataException(kind, "lost");
      CompletableFuture<Integer> result = startAndHoldSecond(id);
      try (Rig others = new Rig(strategy)) {
        // They have the same journal, and a thread of their own where an action cannot be
        // suspended.
        assertThat(Rig.join(rig.actions.start(others.loop, "other", null, twoCalls))).isPositive();
      }

      rig.journal.giveUp(lost);

      assertThat(Rig.failureOf(result)).isSameAs(lost);
      assertThat(rig.journal.records(id)).last().isNotInstanceOf(CallFinished.class);
      assertThat(rig.run("another", twoCalls)).isPositive();
    }
  }

  @Test
  void aCallWhoseRecordCameToLightIsNotMadeAgain() {
    loseSecond(twoCalls);

    rig.restart(RecordList.of(rig.journal.asked(JournalRecord.class)));

    assertThat(rig.run("action", twoCalls)).isEqualTo(12);
    assertThat(made).hasValue(2);
  }

  @Test
  void ofCallsWhoseRecordIsLostThatOneAloneIsMadeAgain() {
    loseSecond(twoCalls);

    rig.restart();

    assertThat(rig.run("action", twoCalls)).isEqualTo(13);
    assertThat(made).hasValue(3);
  }

  @Test
  void aReconciledCallWhoseRecordIsLostIsAskedForAndNotMadeAgain() {
    DurableBody<Integer> body =
        context -> 10 * call(context, "first") + reconciled(context, "second");
    loseSecond(body);

    rig.restart();

    assertThat(rig.run("action", body)).isEqualTo(12);
    assertThat(made).hasValue(2);
    assertThat(asked).hasValue(1);
  }

  @Test
  void inTheSameProcessTheLostCallIsMadeAgainAndItsLastOutcomeCounts() {
    loseSecond(twoCalls);
    rig.with(builder -> builder.forgetOnReturn(false));

    assertThat(rig.run("action", twoCalls)).isEqualTo(13);

    // Both outcomes may be there: the later one was acknowledged.
    rig.restart(RecordList.of(rig.journal.asked(JournalRecord.class)));
    assertThat(rig.run("action", twoCalls)).isEqualTo(13);
    assertThat(made).hasValue(3);
  }

  @Test
  void aReconciledCallIsNotMadeBeforeItsStartIsAcknowledged() {
    FermataException lost = new FermataException(ErrorKind.IO, "lost");
    rig.journal.hold(record -> record instanceof CallStarted);
    DurableBody<Integer> body = context -> reconciled(context, "call");
    CompletableFuture<Integer> result = rig.start("action", body);
    Rig.until("the start is appended", () -> rig.journal.held() == 1);

    rig.journal.giveUp(lost);

    assertThat(Rig.failureOf(result)).isSameAs(lost);
    assertThat(made).hasValue(0);
    assertThat(rig.run("action", body)).isEqualTo(1);
  }

  @Test
  void aSyncThatFailsAtTheEndOfAKeptActionCostsNoCall() {
    FermataException full = new FermataException(ErrorKind.NO_SPACE, "the disk is full");
    rig.with(builder -> builder.forgetOnReturn(false));
    DurableBody<String> body =
        context -> call(context, "call") + (context.now() == null ? "" : " returned");
    rig.journal.failSyncs(full);

    assertThat(rig.failureOf("action", body)).isSameAs(full);

    rig.journal.recover();
    assertThat(rig.run("action", body)).isEqualTo("1 returned");
    assertThat(made).hasValue(1);
  }

  @Test
  void aJournalThatIsClosedUnderAnActionCostsNoRecordedCall(@TempDir Path folder) {
    DurableOptions options = DurableOptions.builder().build();
    Journal closed = Journal.open(folder);
    Throwable thrown =
        Rig.failureOf(
            DurableActions.over(closed, options)
                .start(
                    rig.loop,
                    "action",
                    null,
                    context -> {
                      int first = call(context, "first");
                      closed.close();
                      assertThatThrownBy(() -> call(context, "second"))
                          .isInstanceOf(IllegalStateException.class)
                          .hasMessageContaining("closed");
                      return first;
                    }));
    assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThat(made).hasValue(2);

    try (Journal opened = Journal.open(folder)) {
      assertThat(
              Rig.join(
                  DurableActions.over(opened, options).start(rig.loop, "action", null, twoCalls)))
          .isEqualTo(13);
    }
  }

  private void loseSecond(DurableBody<Integer> body) {
    FermataException lost = new FermataException(ErrorKind.IO, "lost");
    CompletableFuture<Integer> result = startAndHoldSecond("action", body);
    rig.journal.giveUp(lost);
    assertThat(Rig.failureOf(result)).isSameAs(lost);
    assertThat(made).hasValue(2);
  }

  private CompletableFuture<Integer> startAndHoldSecond(String id) {
    return startAndHoldSecond(id, twoCalls);
  }

  /** Starts an action, and returns when the outcome of its second call is under way. */
  private CompletableFuture<Integer> startAndHoldSecond(String id, DurableBody<Integer> body) {
    rig.journal.hold(
        record ->
            record instanceof CallFinished
                && record.action().equals(id)
                && ((CallFinished) record).place() == 1);
    CompletableFuture<Integer> result = rig.start(id, body);
    Rig.until("the second outcome is appended", () -> rig.journal.held() == 1);
    return result;
  }

  private int call(DurableContext context, String name) throws Exception {
    return context.call(name, Integer.class, made::incrementAndGet);
  }

  private int reconciled(DurableContext context, String name) throws Exception {
    return context.call(
        name,
        ResultType.of(Integer.class),
        CallOptions.<Integer>create()
            .reconciler(
                () -> {
                  asked.incrementAndGet();
                  return Reconciliation.happened(made.get());
                }),
        made::incrementAndGet);
  }
}
