// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.ActionStarted;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Runs actions whose calls are recorded in a {@link Journal}: run again after a failure, of the
 * process or of the machine, an action gets what it got before, and pays for no call twice.
 *
 * <pre>{@code
 * try (Journal journal = Journal.open(folder);
 *     ActionLoop loop = ActionLoop.builder().build()) {
 *   DurableActions actions = DurableActions.over(journal, DurableOptions.builder().build());
 *   CompletableFuture<String> reply =
 *       actions.start(
 *           loop,
 *           "order-7",
 *           order,
 *           context -> {
 *             String draft = context.call("draft", String.class, () -> model.ask(order), order);
 *             context.sleep(Duration.ofMinutes(5));
 *             return context.call("final", String.class, () -> model.improve(draft), draft);
 *           });
 *   System.out.println(reply.join());
 * }
 * }</pre>
 *
 * <p>Nothing is run again by itself: the program starts an action again under its id, with the same
 * input, if it failed, or after a restart. {@link Journal#unfinishedActions} tells which were
 * begun. An action is over, and its record dropped, when it has returned. One that throws is not:
 * run again it gets the recorded outcomes, failed calls included, and goes on from there; {@link
 * #forget} gives it up.
 *
 * <p>Thread-safe. Several objects may share a journal, each with options of its own: no two runs of
 * an id are at a time, whichever of them began it. It has nothing to close; close the loops first,
 * then the journal.
 */
public final class DurableActions {
  private final CallJournal journal;
  private final DurableOptions options;
  private final Runs runs;

  DurableActions(CallJournal journal, Runs runs, DurableOptions options) {
    this.journal = journal;
    this.runs = runs;
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * Makes actions that are recorded in a journal.
   *
   * @param journal stays the caller's, who closes it after the last action
   * @param options how to record
   * @return actions over it
   */
  public static DurableActions over(Journal journal, DurableOptions options) {
    Objects.requireNonNull(journal, "journal");
    return new DurableActions(CallJournal.of(journal), Runs.of(journal), options);
  }

  /**
   * Runs an action on a loop, for the first time or again.
   *
   * @param loop runs it
   * @param id names the action in the journal
   * @param input what the action was given, compared with the record by a digest; {@code null} for
   *     nothing
   * @param body the code
   * @param <R> type of the result
   * @return completes as {@link #run(ActionScope, String, Object, DurableBody)} ends; cancelling it
   *     cancels the action
   * @throws IllegalStateException if the loop is closed
   */
  public <R> CompletableFuture<R> start(
      ActionLoop loop, String id, Object input, DurableBody<R> body) {
    checkArguments(id, body);
    return loop.submit(scope -> run(scope, id, input, body));
  }

  /**
   * Runs a durable action as a part of an action of a loop, for the first time or again.
   *
   * @param scope of the calling action
   * @param id names the action in the journal
   * @param input what the action was given, compared with the record by a digest; {@code null} for
   *     nothing
   * @param body the code
   * @param <R> type of the result
   * @return what the body returned
   * @throws Exception what the body threw; the action can then be run again
   * @throws NonDeterministicActionException if the body, or the input, is not what is recorded
   * @throws dev.fermata.FermataException if the journal failed; the action can then be run again
   * @throws IllegalStateException if the action is running; one that is being forgotten is waited
   *     for
   * @throws IllegalArgumentException if the input cannot be serialised
   */
  public <R> R run(ActionScope scope, String id, Object input, DurableBody<R> body)
      throws Exception {
    checkArguments(id, body);
    Runs.Run run = runs.begin(scope, id);
    ActionLog log = new ActionLog(journal, options.level());
    try {
      History history = new History(id, journal.records(id));
      byte[] digest = digest(id, input);
      history.input(digest);
      if (history.isEmpty()) {
        log.appendLazily(new ActionStarted(id, digest));
      }
      ActionContext context = new ActionContext(id, scope, history, log, options);
      try {
        R result = body.run(context);
        context.returned(options.forgetOnReturn());
        return result;
      } finally {
        context.close();
      }
    } finally {
      run.end(log.settled());
    }
  }

  /**
   * As {@link #run(ActionScope, String, Object, DurableBody)}, in an action of an executor.
   *
   * @param executor runs the calling action
   * @param context of the calling action
   * @param id names the action in the journal
   * @param input what the action was given
   * @param body the code
   * @param <R> type of the result
   * @return what the body returned
   * @throws Exception what the body threw
   */
  public <R> R run(
      ContinuationActionExecutor executor,
      ContinuationContext context,
      String id,
      Object input,
      DurableBody<R> body)
      throws Exception {
    return run(ActionScope.of(executor, context), id, input, body);
  }

  /**
   * Drops what is recorded of an action that is not running: it is over, or given up. Its id is
   * free for another action. Blocks until that is recorded at the level of the options.
   *
   * @param id of the action; nothing happens if it is unknown
   * @throws IllegalStateException if the action is running, or being forgotten
   * @throws dev.fermata.FermataException if the journal refuses
   */
  public void forget(String id) {
    forget(Set.of(id));
  }

  /**
   * As {@link #forget(String)}, for many actions, which share the journal's syncs.
   *
   * @param ids of the actions; nothing happens for those that are unknown
   * @throws IllegalStateException if one of them is running, or being forgotten; then none is
   *     forgotten
   * @throws dev.fermata.FermataException if the journal refuses; others may be forgotten
   */
  public void forget(Set<String> ids) {
    runs.without(ids, () -> forgetNow(ids));
  }

  private void forgetNow(Set<String> ids) {
    try {
      CompletableFuture.allOf(
              ids.stream()
                  .filter(id -> !journal.records(id).isEmpty())
                  .map(id -> journal.append(new ActionFinished(id), options.level()))
                  .toArray(CompletableFuture<?>[]::new))
          .join();
    } catch (CompletionException failed) {
      throw Unchecked.rethrow(failed.getCause());
    }
  }

  private byte[] digest(String id, Object input) {
    try {
      return Digests.of(options.serialiser().serialise(input));
    } catch (Exception | StackOverflowError refused) {
      throw new IllegalArgumentException(
          "The input of the action '" + id + "' cannot be serialised by " + options.serialiser(),
          refused);
    }
  }

  private static void checkArguments(String id, DurableBody<?> body) {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(body, "body");
  }
}
