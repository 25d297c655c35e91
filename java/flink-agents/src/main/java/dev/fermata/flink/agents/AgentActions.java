// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import dev.fermata.ActionAbortedError;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.flink.mailbox.ExecutorMetrics;
import dev.fermata.flink.mailbox.MailboxOwnership;
import dev.fermata.flink.mailbox.MailboxWaker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the actions of one operator of Flink Agents on its mailbox thread, by a Fermata executor
 * that it owns.
 *
 * <p>The operator is looked up when it runs its first action, for three things of which upstream
 * has no interface: mails are held while actions wait ({@link HeldMails}), a carrier counts as the
 * mailbox thread ({@link MailboxOwnership}), and what actions share is kept apart ({@link
 * AgentOperator#setAside}). What cannot be had is logged as one WARN, and done without: the
 * operator asks for a waiting action again and again, each time for a millisecond, or actions run
 * one after another as upstream's do on Java 11 to 20.
 *
 * <p>{@link #executeAction} and {@link #close} are called on the mailbox thread, {@link
 * #executeAsync} by actions.
 */
public final class AgentActions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AgentActions.class);

  /** How long the operator is kept from asking again where its mails cannot be held. */
  private static final Duration PATIENCE = Duration.ofMillis(1);

  private final ContinuationActionExecutor executor;
  private final ActionsInFlight actions = new ActionsInFlight();
  private boolean connected;

  /** The action whose slice runs; null between slices. */
  private ActionContext running;

  private AgentOperator operator;
  private MailboxOwnership ownership;
  private HeldMails mails;
  private MailboxExecutor mailbox;

  /** Nothing to do before mails are held: until then the operator asks by itself. */
  private volatile Runnable waker = () -> {};

  private volatile boolean synchronous;
  private volatile boolean closed;
  private volatile long polls;

  /**
   * Creates an executor without threads.
   *
   * @param asyncThreads most worker threads, at least 1
   * @throws IllegalArgumentException if it is less than 1
   */
  public AgentActions(int asyncThreads) {
    executor =
        ContinuationActionExecutor.builder()
            .ownerKind(OwnerKind.MAILBOX)
            .asyncThreads(asyncThreads)
            .threadName("flink-agents")
            .waker(() -> waker.run())
            .build();
    LOG.info(
        "Actions of Flink Agents wait by Fermata, from {}: strategy {}, at most {} threads, {}",
        DropIn.location(AgentActions.class),
        executor.strategy(),
        asyncThreads,
        JavaAgent.isActive() ? "its -javaagent is active" : "without its -javaagent");
  }

  /**
   * Runs an action until it ends or is suspended, or goes on with the suspended one.
   *
   * @param given identity of the action; a new one for a suspended action, as the operator hands
   *     out if it does not recognise its task, stands for that action
   * @param action the code to run if no action is in progress
   * @return whether the action has ended
   */
  public boolean executeAction(ActionContext given, Runnable action) {
    if (!connected) {
      connected = true;
      connect(action);
    }
    if (synchronous) {
      action.run();
      return true;
    }
    ActionContext context = operator == null ? given : recognise(given, action);
    if (context.suspended && !actions.takeReady(context)) {
      polls++;
      if (mails == null && !becomesReady(context)) {
        return false;
      }
    }
    if (operator != null && context.suspended) {
      operator.putBack(context);
    }
    boolean ended = true;
    running = context;
    try {
      ended = executor.executeAction(context, () -> run(action));
      return ended;
    } finally {
      running = null;
      if (ownership != null) {
        ownership.restore();
      }
      if (ended) {
        actions.ended(context);
      } else {
        actions.suspended(context);
        if (operator != null) {
          operator.setAside(context);
        }
      }
    }
  }

  private ActionContext recognise(ActionContext given, Runnable action) {
    if (given.suspended) {
      return given;
    }
    given.task = operator.task(action);
    ActionContext known = actions.find(given.task);
    return known == null ? given : known;
  }

  private boolean becomesReady(ActionContext context) {
    try {
      if (!actions.anyReady()) {
        executor.awaitReady(PATIENCE);
      }
    } catch (InterruptedException cancelled) {
      Thread.currentThread().interrupt();
    }
    noteReady();
    return actions.takeReady(context);
  }

  private void run(Runnable action) {
    if (ownership != null) {
      ownership.enter();
    }
    try {
      action.run();
    } catch (RuntimeException thrown) {
      rethrowAbort(thrown);
      throw thrown;
    } finally {
      if (ownership != null) {
        ownership.leave();
      }
    }
  }

  /** Upstream wraps what its actions throw; an abort is for the executor to see. */
  private static void rethrowAbort(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof ActionAbortedError) {
        throw (ActionAbortedError) cause;
      }
    }
  }

  /**
   * Runs a supplier on a worker while the action waits.
   *
   * @param context the context of the calling action
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return what the supplier returned
   */
  public <T> T executeAsync(ActionContext context, Supplier<T> supplier) {
    if (synchronous) {
      return supplier.get();
    }
    boolean onMailbox = ownership != null && ownership.isCurrent();
    try {
      return executor.executeAsync(context, supplier);
    } finally {
      // An aborted action goes on beside the mailbox thread, and must not pass for it.
      if (onMailbox && !closed) {
        ownership.enter();
      }
    }
  }

  /** Waits for the storage: an action suspended, the operator, which waits for none, blocking. */
  private void await(CompletableFuture<?> record) {
    if (running == null || record.isDone()) {
      ActionStateJournal.block(record);
      return;
    }
    ActionContext action = running;
    boolean onMailbox = ownership != null && ownership.isCurrent();
    try {
      executor.await(action, record);
    } finally {
      if (onMailbox && !closed) {
        ownership.enter();
      }
    }
  }

  /** Aborts the suspended actions and ends the worker threads. Idempotent. */
  @Override
  public void close() {
    closed = true;
    executor.close();
  }

  /** Looks up the operator that called, and takes of it what this JVM and its version allow. */
  private void connect(Runnable action) {
    if (!JavaAgent.leftAlone().isEmpty()) {
      LOG.warn(
          "The -javaagent of Fermata does not know this Flink Agents and leaves classes of it alone"
              + " ({}). What it would cure there stays: an action that is aborted may find its"
              + " resources closed, the JVM may refuse to hold mails, events without equals leave"
              + " entries in the operator.",
          JavaAgent.leftAlone());
    }
    try {
      operator = AgentOperator.of(action);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unknown) {
      synchronous = needsMailbox();
      lost("the operator is not one that Fermata knows", unknown);
      return;
    }
    connectStore();
    register(operator.metrics().addGroup("fermata"));
    mailbox = operator.newMailboxExecutor();
    try {
      if (needsMailbox()) {
        borrowMailbox();
      }
    } catch (ReflectiveOperationException | RuntimeException | LinkageError refused) {
      synchronous = true;
      lost("actions cannot leave the mailbox thread", refused);
      return;
    }
    try {
      holdMails();
    } catch (ReflectiveOperationException | RuntimeException | LinkageError refused) {
      lost("the mails of its operator cannot be held", refused);
    }
  }

  private void connectStore() {
    try {
      operator.connectStore(this::await);
    } catch (ReflectiveOperationException unknown) {
      throw new IllegalStateException(
          "Where this Flink Agents keeps the states of actions is not known", unknown);
    }
  }

  private boolean needsMailbox() {
    return executor.strategy() == Strategy.HANDOFF || executor.strategy() == Strategy.VIRTUAL;
  }

  private void borrowMailbox() throws ReflectiveOperationException {
    if (executor.strategy() == Strategy.VIRTUAL) {
      throw new IllegalStateException(
          "VIRTUAL, which was forced, would suspend an action in the midst of a state access");
    }
    if (operator.hasPython()) {
      throw new IllegalStateException(
          "the job uses Python, whose interpreter knows only the mailbox thread");
    }
    ownership = MailboxOwnership.of(mailbox);
  }

  private void holdMails() throws ReflectiveOperationException {
    HeldMails held = new HeldMails(mailbox, operator, actions);
    operator.replaceMailboxExecutor(held);
    mails = held;
    waker = new MailboxWaker(mailbox, this::noteReady, "resume actions that are ready");
    // From the first look on, the executor tells of actions that become ready.
    noteReady();
  }

  private void lost(String what, Throwable why) {
    LOG.warn(
        "Fermata cannot do all it could for Flink Agents: {} ({}). {}.",
        what,
        why,
        synchronous
            ? "Actions run one after another, as they do without Fermata"
            : "While an action waits, the operator asks for it once a millisecond");
  }

  private void register(MetricGroup group) {
    group.gauge(
        "strategy", (Gauge<String>) () -> synchronous ? "NONE" : executor.strategy().name());
    group.gauge("polls", (Gauge<Long>) () -> polls);
    ExecutorMetrics.register(group, executor.metrics());
  }

  private void noteReady() {
    for (ContinuationContext next : executor.drainReady()) {
      ActionContext context = (ActionContext) next;
      actions.ready(context);
      if (mails != null && context.suspended) {
        mails.release(context.task.key());
      }
    }
  }
}
