// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.mailbox;

import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes the mailbox thread of a task: a {@linkplain
 * dev.fermata.ContinuationActionExecutor.Builder#waker waker} that puts one mail into the mailbox
 * each time it runs, which an executor does once per burst of completions. Stateless; any thread.
 */
public final class MailboxWaker implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(MailboxWaker.class);

  private final MailboxExecutor mailbox;
  private final ThrowingRunnable<? extends Exception> mail;
  private final String description;

  /**
   * Creates a waker.
   *
   * @param mailbox of the task
   * @param mail what the mailbox thread runs: drains the executor and resumes what is ready; what
   *     it throws fails the task
   * @param description names the mail in Flink's log
   */
  public MailboxWaker(
      MailboxExecutor mailbox, ThrowingRunnable<? extends Exception> mail, String description) {
    this.mailbox = Objects.requireNonNull(mailbox, "mailbox");
    this.mail = Objects.requireNonNull(mail, "mail");
    this.description = Objects.requireNonNull(description, "description");
  }

  @Override
  public void run() {
    try {
      mailbox.execute(mail, description);
    } catch (RejectedExecutionException closed) {
      LOG.debug("The mailbox is closed: the task ends and nothing is resumed", closed);
    }
  }
}
