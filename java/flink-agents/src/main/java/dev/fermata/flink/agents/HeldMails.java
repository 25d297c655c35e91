// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.function.RunnableWithException;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Stands before the mailbox of an operator and holds back the mails by which it would ask again and
 * again for actions that wait: the mail of a key stays here until one of its actions can go on.
 *
 * <p>The operator has one mail under way for each key with open actions. That mail is held if all
 * of these actions are suspended and none is ready; an action that has not begun, or one of Python,
 * lets it pass. Held mails are part of no checkpoint: after a restore the operator asks anew.
 * {@link #release} and {@link #submit} are called on the mailbox thread.
 */
final class HeldMails implements MailboxExecutor {
  /** What upstream calls the mail that reports a failed action. */
  private static final String FAILURE = "throw exception in mailbox";

  private final MailboxExecutor mailbox;
  private final AgentOperator operator;
  private final ActionsInFlight actions;
  private final Map<Object, Runnable> held = new HashMap<>();
  private boolean running;

  HeldMails(MailboxExecutor mailbox, AgentOperator operator, ActionsInFlight actions) {
    this.mailbox = mailbox;
    this.operator = operator;
    this.actions = actions;
  }

  /** Lets the mail of a key go, if it is held: one of its actions is ready. */
  void release(Object key) {
    Runnable mail = held.remove(key);
    if (mail != null) {
      mail.run();
    }
  }

  @Override
  public Future<Void> submit(RunnableWithException command, String description) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Runnable send = () -> mailbox.execute(() -> run(command, done), description);
    Object key = operator.currentKey();
    int waiting = actions.waiting(key);
    if (waiting > 0 && operator.openActions() <= waiting) {
      held.put(key, send);
    } else {
      send.run();
    }
    return done;
  }

  private void run(RunnableWithException command, CompletableFuture<Void> done) throws Exception {
    running = true;
    try {
      command.run();
      done.complete(null);
    } catch (Throwable thrown) {
      done.completeExceptionally(thrown);
      throw thrown;
    } finally {
      running = false;
    }
  }

  /**
   * Passes a mail on. The one by which the operator reports a failed action is run at once: a
   * checkpoint before it would hold neither the action, which has left its list, nor the failure.
   */
  @Override
  public void execute(
      MailOptions options,
      ThrowingRunnable<? extends Exception> command,
      String description,
      Object... arguments) {
    if (running && description.equals(FAILURE)) {
      try {
        command.run();
      } catch (Exception failure) {
        ExceptionUtils.rethrow(failure);
      }
    } else {
      mailbox.execute(options, command, description, arguments);
    }
  }

  @Override
  public void yield() throws InterruptedException {
    mailbox.yield();
  }

  @Override
  public boolean tryYield() {
    return mailbox.tryYield();
  }

  @Override
  public boolean shouldInterrupt() {
    return mailbox.shouldInterrupt();
  }
}
