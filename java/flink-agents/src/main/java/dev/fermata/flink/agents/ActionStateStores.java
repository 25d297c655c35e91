// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import dev.fermata.flink.journal.JournalHome;
import dev.fermata.journal.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.util.TimeUtils;
import org.apache.flink.util.clock.SystemClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives an operator of Flink Agents the store of its choice, where that is Fermata's. The operator
 * as such can only make the store on Kafka; edited by {@link ClassEdit} it calls what stands here
 * before it looks for one. Mailbox thread.
 */
public final class ActionStateStores {
  private static final Logger LOG = LoggerFactory.getLogger(ActionStateStores.class);
  private static final AtomicBoolean WARNED = new AtomicBoolean();
  private static final String BACKEND = "actionStateStoreBackend";
  private static final String FERMATA = "fermata";
  private static final String FOLDER = "fermata.journal.folder";
  private static final String LEVEL = "fermata.journal.level";
  private static final String RETENTION = "fermata.journal.retention";

  private ActionStateStores() {}

  /**
   * Is called first when an operator initializes its state.
   *
   * @param operator of Flink Agents
   * @throws ReflectiveOperationException if it chose the store and is of a version that is not
   *     known
   */
  public static void initialize(Object operator) throws ReflectiveOperationException {
    if (!isChosen(operator)) {
      return;
    }
    if (AgentOperator.store(operator) != null) {
      return;
    }
    String text = AgentOperator.option(operator, FOLDER, null);
    if (text == null) {
      throw new IllegalArgumentException(
          BACKEND
              + " is '"
              + FERMATA
              + "', which needs "
              + FOLDER
              + " in the agent's configuration");
    }
    Path folder = JournalHome.root(FOLDER, text);
    Level level = level(AgentOperator.option(operator, LEVEL, Level.DISK.name()));
    Duration retention = TimeUtils.parseDuration(AgentOperator.option(operator, RETENTION, "1 h"));
    AbstractStreamOperator<?> flinks = (AbstractStreamOperator<?>) operator;
    JournalHome home =
        JournalHome.of(
            folder,
            flinks.getRuntimeContext().getJobInfo().getJobId(),
            flinks.getOperatorID(),
            flinks.getRuntimeContext().getTaskInfo());
    UpstreamStates states = new UpstreamStates(operator.getClass().getClassLoader());
    AgentOperator.setStore(
        operator,
        states.store(
            new ActionStateJournal(states, home, level, retention, SystemClock.getInstance())));
  }

  private static Level level(String text) {
    for (Level level : new Level[] {Level.OS, Level.DISK}) {
      if (level.name().equalsIgnoreCase(text)) {
        return level;
      }
    }
    throw new IllegalArgumentException(LEVEL + " must be OS or DISK, but is " + text);
  }

  /**
   * Is called first when a checkpoint is taken of an operator.
   *
   * @param operator of Flink Agents
   * @param context of the checkpoint
   * @throws ReflectiveOperationException if it is of a version that is not known
   */
  public static void snapshot(Object operator, StateSnapshotContext context)
      throws ReflectiveOperationException {
    ActionStateJournal journal = isChosen(operator) ? of(operator) : null;
    if (journal != null) {
      journal.snapshot(context.getCheckpointId());
    }
  }

  /**
   * Is called first when an operator is told that a checkpoint has completed.
   *
   * @param operator of Flink Agents
   * @param checkpoint its id
   * @throws ReflectiveOperationException if it is of a version that is not known
   */
  public static void completed(Object operator, long checkpoint)
      throws ReflectiveOperationException {
    ActionStateJournal journal = isChosen(operator) ? of(operator) : null;
    if (journal != null) {
      journal.completed(checkpoint);
    }
  }

  /**
   * Makes the journal of an operator, if it has one, wait in this way.
   *
   * @throws IllegalStateException if it ought to have one
   */
  static void connect(Object operator, Consumer<CompletableFuture<?>> waiting)
      throws ReflectiveOperationException {
    if (!isChosen(operator)) {
      return;
    }
    ActionStateJournal journal = of(operator);
    if (journal == null) {
      throw new IllegalStateException(
          BACKEND
              + " is '"
              + FERMATA
              + "', but this operator of Flink Agents has not got that store: of itself it knows"
              + " 'kafka' only. Start the JVM of the task manager with -javaagent:"
              + DropIn.location(ActionStateStores.class).replaceFirst("^file:", ""));
    }
    journal.waitBy(waiting);
  }

  private static ActionStateJournal of(Object operator) throws ReflectiveOperationException {
    return UpstreamStates.journal(AgentOperator.store(operator));
  }

  /** A job that does not choose the store does without it where the operator is not known. */
  private static boolean isChosen(Object operator) {
    try {
      return FERMATA.equalsIgnoreCase(AgentOperator.option(operator, BACKEND, null));
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unknown) {
      if (!WARNED.getAndSet(true)) {
        LOG.warn(
            "Whether a job has chosen '{}' as {} cannot be read of this Flink Agents; none has it",
            FERMATA,
            BACKEND,
            unknown);
      }
      return false;
    }
  }
}
