// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.ActionScope;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which actions of one journal run: one run at a time under each id, for two would mix their
 * records.
 *
 * <p>Kept for each journal, not for each {@link DurableActions} over it, and as long as the journal
 * is reachable. Thread-safe.
 */
final class Runs {
  private static final Map<Object, Runs> OF_JOURNALS =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** By id of the action. Nothing in here reaches the journal: it could not be collected. */
  private final Map<String, Run> runs = new ConcurrentHashMap<>();

  private Runs() {}

  /**
   * Returns the runs of a journal.
   *
   * @param journal known by {@code equals}, which must be identity, as that of a journal is
   */
  static Runs of(Object journal) {
    return OF_JOURNALS.computeIfAbsent(journal, first -> new Runs());
  }

  /**
   * Begins the one run of an action. Waits for what the one before it left under way, and while the
   * action is kept from running.
   *
   * @param scope of the calling action, which waits
   * @throws IllegalStateException if the action is running
   */
  Run begin(ActionScope scope, String id) {
    Run run = new Run(id);
    Run other = runs.putIfAbsent(id, run);
    while (other != null) {
      if (other.ended == null) {
        throw running(id);
      }
      awaitEnd(scope, other.ended);
      other = runs.putIfAbsent(id, run);
    }
    return run;
  }

  /**
   * Does something while none of these actions runs: it waits for no run, but runs wait for it.
   *
   * @throws IllegalStateException if one of them is running, or what it left is under way; then
   *     nothing is done
   */
  void without(Collection<String> ids, Runnable action) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      for (String id : ids) {
        Run claim = new Run(id);
        claim.end(done);
        if (runs.putIfAbsent(id, claim) != null) {
          throw running(id);
        }
      }
      action.run();
    } finally {
      done.complete(null);
    }
  }

  /** However long it takes: the executor's default deadline is for calls. */
  private static void awaitEnd(ActionScope scope, CompletableFuture<Void> ended) {
    while (!ended.isDone()) {
      try {
        scope.await(ended);
      } catch (FermataException late) {
        if (late.kind() != ErrorKind.TIMED_OUT) {
          throw late;
        }
      }
    }
  }

  private static IllegalStateException running(String id) {
    return new IllegalStateException(
        "the action '" + id + "' is running; wait until it has ended, or choose another id");
  }

  /** A run of an action, until all that it appended has been acknowledged or refused. */
  final class Run {
    private final String id;

    /** Null while the action runs. */
    private volatile CompletableFuture<Void> ended;

    private Run(String id) {
      this.id = id;
    }

    /**
     * Ends this run: the next one reads the record, and begins when that is complete.
     *
     * @param settled completes, never exceptionally, when it is
     */
    void end(CompletableFuture<Void> settled) {
      CompletableFuture<Void> end = new CompletableFuture<>();
      ended = end;
      settled.thenRun(
          () -> {
            runs.remove(id, this);
            end.complete(null);
          });
    }
  }
}
