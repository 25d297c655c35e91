// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.ActionStarted;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import dev.fermata.journal.Level;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Records that cannot be written: the action fails with the journal's error and can be run again.
 */
class FailedAppendTest extends UnderEachStrategy {
  private static final FermataException FULL =
      new FermataException(ErrorKind.BOUNDARY, "the disk is full");

  private final AtomicInteger made = new AtomicInteger();

  @Test
  void aCallWhoseOutcomeIsNotRecordedEndsTheRun() {
    rig.journal.fail(record -> record instanceof CallFinished, FULL);

    Throwable thrown =
        rig.failureOf(
            "action",
            context -> {
              assertThatThrownBy(() -> call(context, "first")).isSameAs(FULL);
              rig.journal.recover();
              // Each later use, though the journal would take records again.
              assertThatThrownBy(() -> call(context, "second")).isSameAs(FULL);
              assertThatThrownBy(context::now).isSameAs(FULL);
              assertThatThrownBy(() -> context.sleep(Duration.ZERO)).isSameAs(FULL);
              assertThatThrownBy(() -> context.all(List.of())).isSameAs(FULL);
              return "swallowed";
            });

    assertThat(thrown).isSameAs(FULL);
    assertThat(made).hasValue(1);
    assertThat(rig.journal.acknowledged(CallFinished.class)).isEmpty();
    assertThat(rig.journal.asked(CallFinished.class)).hasSize(1);
    assertThat(rig.journal.acknowledged(ActionFinished.class)).isEmpty();
  }

  @Test
  void anActionThatFailedIsRunAgainInTheSameProcess() {
    rig.journal.fail(
        record -> record instanceof CallFinished && ((CallFinished) record).place() == 1, FULL);
    DurableBody<Integer> body = context -> call(context, "first") * 10 + call(context, "second");
    assertThat(rig.failureOf("action", body)).isSameAs(FULL);
    rig.journal.recover();

    assertThat(rig.run("action", body)).isEqualTo(13);

    // What was acknowledged in memory is the journal's to keep.
    assertThat(rig.journal.asked(ActionStarted.class)).hasSize(1);
    assertThat(rig.journal.asked(CallStarted.class)).hasSize(2);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(2);
    assertThat(rig.journal.records("action")).isEmpty();
  }

  @Test
  void aFailureOfACallThatNobodyAwaitedCountsToo() {
    rig.journal.fail(record -> record instanceof CallFinished, FULL);

    Throwable thrown =
        rig.failureOf(
            "action",
            context -> {
              context.callAsync("call", Integer.class, made::incrementAndGet);
              Rig.until(
                  "its outcome is refused", () -> !rig.journal.asked(CallFinished.class).isEmpty());
              return "returned";
            });

    assertThat(thrown).isSameAs(FULL);
    assertThat(rig.journal.records("action")).isNotEmpty();
  }

  @Test
  void valuesSleepsAndStartsThatAreNotRecordedEndTheRun() {
    rig.journal.fail(record -> record instanceof ValueRecorded, FULL);
    assertThat(rig.failureOf("now", DurableContext::now)).isSameAs(FULL);
    assertThat(rig.failureOf("random", DurableContext::random)).isSameAs(FULL);
    assertThat(
            rig.failureOf(
                "sleep",
                context -> {
                  context.sleep(Duration.ofDays(1));
                  return null;
                }))
        .isSameAs(FULL);

    rig.journal.fail(record -> record instanceof CallStarted, FULL);
    assertThat(rig.failureOf("call", context -> call(context, "call"))).isSameAs(FULL);
    assertThat(rig.journal.asked(CallFinished.class)).isEmpty();
    made.set(0);
    assertThat(
            rig.failureOf(
                "reconciled",
                context ->
                    context.call(
                        "call",
                        ResultType.of(Integer.class),
                        CallOptions.<Integer>create().reconciler(Reconciliation::didNotHappen),
                        made::incrementAndGet)))
        .isSameAs(FULL);
    assertThat(made).as("calls without a recorded start").hasValue(0);

    rig.journal.fail(record -> record instanceof ActionStarted, FULL);
    assertThat(rig.failureOf("action", context -> call(context, "call"))).isSameAs(FULL);
  }

  @Test
  void aResultThatIsTooLargeForTheJournalIsAnOutcomeAndNotPaidForAgain() {
    rig.journal.fail(
        record -> record instanceof CallFinished && ((CallFinished) record).value() != null,
        new FermataException(ErrorKind.RECORD_TOO_LARGE, "more than 10 bytes"));
    DurableBody<Integer> body = context -> call(context, "call");

    Throwable first = rig.failureOf("action", body);
    Throwable second = rig.failureOf("action", body);

    assertThat(first)
        .isInstanceOf(UnrecordableResultException.class)
        .hasMessageContaining("more than 10 bytes");
    assertThat(second)
        .isInstanceOf(UnrecordableResultException.class)
        .hasMessage(first.getMessage());
    assertThat(made).hasValue(1);
  }

  @Test
  void aFailureThatIsTooLargeForTheJournalIsRecordedWithoutItsStack() {
    rig.journal.fail(
        record ->
            record instanceof CallFinished
                && ((CallFinished) record).exception().stack().length() > 0,
        new FermataException(ErrorKind.RECORD_TOO_LARGE, "more than 1000 bytes"));
    IOException failure = new IOException("no route".repeat(100));
    DurableBody<Integer> body =
        context ->
            context.call(
                "call",
                Integer.class,
                () -> {
                  made.incrementAndGet();
                  throw failure;
                });

    assertThat(rig.failureOf("action", body)).isSameAs(failure);
    assertThat(rig.failureOf("action", body))
        .isExactlyInstanceOf(IOException.class)
        .hasMessage("no route".repeat(25));
    assertThat(made).hasValue(1);
  }

  @Test
  void anErrorOfTheJournalEndsTheCallToo() {
    OutOfMemoryError error = new OutOfMemoryError("of a test");
    throwOnCallFinished(error);

    assertThat(rig.failureOf("action", context -> call(context, "call"))).isSameAs(error);
  }

  @Test
  void anErrorWhileACallIsRecordedEndsTheCallToo() {
    OutOfMemoryError error = new OutOfMemoryError("of a test");
    rig.journal.fail(
        record -> record instanceof CallFinished,
        new FermataException(ErrorKind.RECORD_TOO_LARGE, "too large") {
          private static final long serialVersionUID = 1L;

          @Override
          public String getMessage() {
            throw error;
          }
        });

    assertThat(rig.failureOf("action", context -> call(context, "call"))).isSameAs(error);
  }

  @Test
  void aJournalThatIsClosedRefusesInItsOwnWords() {
    IllegalStateException closed = new IllegalStateException("the journal is closed");
    throwOnCallFinished(closed);

    assertThat(rig.failureOf("action", context -> call(context, "call"))).isSameAs(closed);
  }

  private void throwOnCallFinished(Throwable thrown) {
    RecordList found = rig.journal;
    CallJournal throwing =
        new CallJournal() {
          @Override
          public CompletableFuture<Void> append(JournalRecord record, Level level) {
            if (record instanceof CallFinished) {
              throw Unchecked.rethrow(thrown);
            }
            return found.append(record, level);
          }

          @Override
          public CompletableFuture<Void> sync() {
            throw Unchecked.rethrow(thrown);
          }

          @Override
          public List<JournalRecord> records(String action) {
            return found.records(action);
          }
        };
    rig.actions = new DurableActions(throwing, Runs.of(throwing), DurableOptions.builder().build());
  }

  private int call(DurableContext context, String name) throws Exception {
    return context.call(name, Integer.class, made::incrementAndGet);
  }
}
