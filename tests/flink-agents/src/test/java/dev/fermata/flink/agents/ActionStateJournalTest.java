// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.flink.journal.JournalHome;
import dev.fermata.journal.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.agents.plan.JavaFunction;
import org.apache.flink.agents.plan.actions.Action;
import org.apache.flink.agents.runtime.actionstate.ActionState;
import org.apache.flink.agents.runtime.actionstate.CallResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.TaskInfoImpl;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.util.clock.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The store of action states by itself: attempts of one subtask, with upstream's own states. */
@Timeout(60)
class ActionStateJournalTest {
  private static final Duration RETENTION = Duration.ofHours(1);

  private final JobID job = new JobID();
  private final OperatorID operator = new OperatorID();
  private final List<ActionStateJournal> begun = new ArrayList<>();
  private final Event event = new InputEvent("input");
  private final Action action = action("answer");
  private final ManualClock clock = new ManualClock(Duration.ofDays(1).toNanos());
  @TempDir private Path folder;

  @AfterEach
  void close() {
    begun.forEach(ActionStateJournal::close);
  }

  @Test
  void aStateIsFoundByTheNextAttempt() throws Exception {
    ActionStateJournal first = attempt();
    put(first, 1, "one");
    first.close();

    assertThat(results(attempt(), 1)).containsExactly("one");
  }

  @Test
  void anInterruptEndsTheWaitForTheStorageAndLosesNothingThatWasAcknowledged() throws Exception {
    ActionStateJournal interrupted = attempt();
    put(interrupted, 1, "one");
    // The storage does not answer, and the task is cancelled.
    interrupted.waitBy(
        record -> {
          Thread.currentThread().interrupt();
          ActionStateJournal.block(new CompletableFuture<>());
        });
    assertThatThrownBy(() -> put(interrupted, 1, "one", "two"))
        .isInstanceOf(CancelTaskException.class);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    interrupted.close();
    assertThat(Thread.interrupted()).isTrue();

    assertThat(results(attempt(), 1)).startsWith("one");
  }

  @Test
  void statesThatNoInputAsksForAreDroppedWhenTheRetentionIsOver() throws Exception {
    ActionStateJournal first = attempt();
    put(first, 1, "one");
    put(first, 2, "two");
    first.close();
    ActionStateJournal second = attempt();
    assertThat(results(second, 2)).containsExactly("two");
    clock.advanceTime(RETENTION);
    second.snapshot(1);
    second.completed(1);

    // The one that was asked for is its action's.
    assertThat(results(second, 2)).containsExactly("two");
    assertThat(results(second, 1)).isNull();
    second.close();
    ActionStateJournal third = attempt();
    assertThat(results(third, 1)).isNull();
  }

  @Test
  void beforeThatTheyStay() throws Exception {
    ActionStateJournal first = attempt();
    put(first, 1, "one");
    first.close();
    ActionStateJournal second = attempt();
    clock.advanceTime(RETENTION.minusMillis(1));
    second.snapshot(1);
    second.completed(1);

    assertThat(results(second, 1)).containsExactly("one");
  }

  /** As while a source is down: no attempt gets as far as a checkpoint. */
  @Test
  void statesStayWhileNoAttemptGetsOn() throws Exception {
    ActionStateJournal first = attempt();
    put(first, 1, "one");
    first.close();
    for (int failed = 0; failed < 2; failed++) {
      ActionStateJournal attempt = attempt();
      clock.advanceTime(RETENTION.multipliedBy(2));
      attempt.close();
    }

    assertThat(results(attempt(), 1)).containsExactly("one");
  }

  @Test
  void allStatesOfAnInputStayWhenItHasComeAgain() throws Exception {
    Action slow = action("slow");
    ActionStateJournal first = attempt();
    put(first, 1, "one");
    put(first, 1, slow, "two");
    first.close();
    ActionStateJournal second = attempt();
    assertThat(results(second, 1)).containsExactly("one");
    clock.advanceTime(RETENTION);
    second.snapshot(1);
    second.completed(1);

    assertThat(results(second, 1, slow)).containsExactly("two");
  }

  @Test
  void anAttemptThatLivesFailsWhenAnotherHasTakenOverFromIt() throws Exception {
    ActionStateJournal first = attempt();
    put(first, 1, "one");
    ActionStateJournal ofOtherCluster = attempt();
    first.snapshot(1);
    ofOtherCluster.snapshot(1);

    assertThatThrownBy(() -> first.completed(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(folder.resolve(job.toString()).toString())
        .hasMessageContaining("another cluster");
    ofOtherCluster.completed(1);
    assertThat(results(ofOtherCluster, 1)).containsExactly("one");
  }

  private ActionStateJournal attempt() throws Exception {
    JournalHome home =
        JournalHome.of(folder, job, operator, new TaskInfoImpl("agent", 128, 0, 1, 0));
    ActionStateJournal attempt =
        new ActionStateJournal(
            new UpstreamStates(ActionState.class.getClassLoader()),
            home,
            Level.DISK,
            RETENTION,
            clock);
    begun.add(attempt);
    attempt.rebuild(List.of());
    return attempt;
  }

  /** The state of an action in progress, for the input of this number, after these calls. */
  private void put(ActionStateJournal journal, long input, String... results) {
    put(journal, input, action, results);
  }

  private void put(ActionStateJournal journal, long input, Action action, String... results) {
    ActionState state = new ActionState(event);
    for (String result : results) {
      state.addCallResult(new CallResult("call", "arguments", result.getBytes()));
    }
    journal.put("key " + input, input, action, event, state);
  }

  /** The results of the calls in a state; null if there is none. */
  private List<String> results(ActionStateJournal journal, long input) {
    return results(journal, input, action);
  }

  private List<String> results(ActionStateJournal journal, long input, Action action) {
    ActionState state = (ActionState) journal.get("key " + input, input, action, event);
    if (state == null) {
      return null;
    }
    List<String> results = new ArrayList<>();
    state.getCallResults().forEach(call -> results.add(new String(call.getResultPayload())));
    return results;
  }

  private static Action action(String name) {
    try {
      Class<?>[] parameters = {Event.class, RunnerContext.class};
      return new Action(
          name,
          new JavaFunction(AskingAgent.class, "ask", parameters),
          List.of(InputEvent.class.getName()));
    } catch (Exception unusable) {
      throw new AssertionError(unusable);
    }
  }
}
