// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Calls that an earlier run began, and of which nobody knows whether they happened. */
class ReconcilerTest extends UnderEachStrategy {
  private final AtomicInteger made = new AtomicInteger();
  private final AtomicInteger asked = new AtomicInteger();

  @Test
  void theStartIsRecordedBeforeTheCallIsMade() {
    rig.journal.hold(record -> record instanceof CallStarted);
    CompletableFuture<String> result = rig.start("action", charge(Reconciliation::didNotHappen));
    Rig.until("the start is appended", () -> rig.journal.held() == 1);
    assertThat(made).hasValue(0);

    rig.journal.release();

    assertThat(Rig.join(result)).isEqualTo("charged 1");
    assertThat(rig.journal.acknowledged(CallStarted.class)).hasSize(1);
    assertThat(asked).hasValue(0);
  }

  @Test
  void aCallThatNeverBeganIsMadeWithoutAsking() {
    assertThat(rig.run("action", charge(() -> Reconciliation.happened("not asked"))))
        .isEqualTo("charged 1");
    assertThat(asked).hasValue(0);
  }

  @Test
  void aCallThatHappenedIsNotMadeAndItsResultRecorded() {
    crashBetweenStartAndOutcome();

    String result = rig.run("action", charge(() -> Reconciliation.happened("charged before")));

    assertThat(result).isEqualTo("charged before");
    assertThat(made).hasValue(0);
    assertThat(asked).hasValue(1);
    assertThat(rig.journal.acknowledged(CallFinished.class).get(0).value())
        .asString()
        .isEqualTo("\"charged before\"");
  }

  @Test
  void aCallThatFailedIsNotMadeAndItsFailureRecorded() {
    crashBetweenStartAndOutcome();

    Throwable thrown =
        rig.failureOf(
            "action", charge(() -> Reconciliation.failed(new IOException("card refused"))));

    assertThat(thrown).isInstanceOf(IOException.class).hasMessage("card refused");
    assertThat(made).hasValue(0);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
  }

  @Test
  void aCallThatDidNotHappenIsMade() {
    crashBetweenStartAndOutcome();

    assertThat(rig.run("action", charge(Reconciliation::didNotHappen))).isEqualTo("charged 1");
    assertThat(asked).hasValue(1);
  }

  @Test
  void withoutAReconcilerTheCallIsMadeAgain() {
    crashBetweenStartAndOutcome();

    assertThat(
            rig.<String>run(
                "action", context -> context.call("charge", String.class, this::charged, 7)))
        .isEqualTo("charged 1");
  }

  @Test
  void aReconcilerThatCannotTellEndsTheActionAndIsAskedAgain() {
    crashBetweenStartAndOutcome();
    IOException unknown = new IOException("the bank does not answer");

    Throwable thrown =
        rig.failureOf(
            "action",
            charge(
                () -> {
                  throw unknown;
                }));
    assertThat(thrown).isSameAs(unknown);
    assertThat(made).hasValue(0);
    assertThat(rig.journal.acknowledged(CallFinished.class)).isEmpty();

    assertThat(rig.run("action", charge(() -> Reconciliation.happened("charged before"))))
        .isEqualTo("charged before");
    assertThat(asked).hasValue(2);
  }

  @Test
  void asynchronousCallsAreReconciledToo() {
    crashBetweenStartAndOutcome();

    String result =
        rig.run(
            "action",
            context ->
                context.await(
                    context.callStage(
                        "charge",
                        ResultType.of(String.class),
                        CallOptions.<String>create()
                            .reconciler(() -> Reconciliation.happened("charged before")),
                        () -> CompletableFuture.completedFuture(charged()),
                        7)));

    assertThat(result).isEqualTo("charged before");
    assertThat(made).hasValue(0);
  }

  private void crashBetweenStartAndOutcome() {
    rig.run("action", charge(Reconciliation::didNotHappen));
    List<JournalRecord> records = rig.journal.acknowledged();
    assertThat(records.get(1)).isInstanceOf(CallStarted.class);
    rig.restart(RecordList.of(records.subList(0, 2)));
    made.set(0);
  }

  private DurableBody<String> charge(Reconciler<String> reconciler) {
    return context ->
        context.call(
            "charge",
            ResultType.of(String.class),
            CallOptions.<String>create()
                .reconciler(
                    () -> {
                      asked.incrementAndGet();
                      return reconciler.reconcile();
                    }),
            this::charged,
            7);
  }

  private String charged() {
    return "charged " + made.incrementAndGet();
  }
}
