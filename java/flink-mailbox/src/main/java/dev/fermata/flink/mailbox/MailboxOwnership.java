// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.mailbox;

import java.lang.reflect.Field;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.core.fs.FileSystemSafetyNet;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;

/**
 * Makes a carrier thread count as the mailbox thread of a task while it runs a slice of an action
 * and the mailbox thread waits for it: always exactly one of the two runs. Flink's checks of the
 * mailbox thread hold there, and files that the action opens are closed with the task.
 *
 * <p>One for each task. Owns nothing: it sets Flink's own field for the mailbox thread, and Flink's
 * thread-local registry of open files, of which Flink has no public interface.
 */
public final class MailboxOwnership {
  private final TaskMailbox mailbox;
  private final Field mailboxThread;
  private final ThreadLocal<Object> safetyNets;
  private final Thread owner;
  private final Object safetyNet;

  private MailboxOwnership(TaskMailbox mailbox) throws ReflectiveOperationException {
    this.mailbox = mailbox;
    mailboxThread = accessible(mailbox.getClass(), "taskMailboxThread");
    safetyNets = safetyNets();
    owner = Thread.currentThread();
    safetyNet = safetyNets.get();
    enter();
  }

  /**
   * Takes the mailbox of a task. Called on its mailbox thread.
   *
   * @param executor Flink's own executor of that mailbox
   * @return the ownership, with the mailbox thread as owner
   * @throws ReflectiveOperationException if this Flink or this JVM does not let it be moved
   * @throws RuntimeException for the same reason, where the JVM reports it so
   */
  public static MailboxOwnership of(MailboxExecutor executor) throws ReflectiveOperationException {
    Object mailbox = accessible(executor.getClass(), "mailbox").get(executor);
    return new MailboxOwnership((TaskMailbox) mailbox);
  }

  /**
   * Tells whether the calling thread counts as the mailbox thread.
   *
   * @return whether Flink's checks hold on this thread
   */
  public boolean isCurrent() {
    return mailbox.isMailboxThread();
  }

  /**
   * Makes the calling thread count as the mailbox thread: on a carrier, whenever action code begins
   * or goes on there.
   *
   * @throws IllegalStateException if the JVM does not allow it
   */
  public void enter() {
    move(Thread.currentThread());
    safetyNets.set(safetyNet);
  }

  /** Makes the calling carrier forget the task: when its action has ended. */
  public void leave() {
    if (Thread.currentThread() != owner) {
      safetyNets.remove();
    }
  }

  /**
   * Makes the mailbox thread the owner again. Called by it, after each slice.
   *
   * @throws IllegalStateException if the JVM does not allow it
   */
  public void restore() {
    move(owner);
  }

  private void move(Thread thread) {
    try {
      mailboxThread.set(mailbox, thread);
    } catch (IllegalAccessException refused) {
      throw new IllegalStateException(
          "The JVM does not let " + thread.getName() + " stand in for the mailbox thread", refused);
    }
  }

  @SuppressWarnings("unchecked")
  private static ThreadLocal<Object> safetyNets() throws ReflectiveOperationException {
    return (ThreadLocal<Object>) accessible(FileSystemSafetyNet.class, "REGISTRIES").get(null);
  }

  private static Field accessible(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
