// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.security.AccessController;
import java.security.PrivilegedAction;

/** Makes threads that serve one after another, and so have nothing of whoever needs them first. */
public final class BareThread {
  private BareThread() {}

  /**
   * Returns a daemon thread, not started: without inheritable thread-locals, up to Java 23 without
   * the protection domains on the stack, which keep class loaders, and with this library's loader.
   */
  public static Thread daemon(Runnable task, String name) {
    PrivilegedAction<Thread> creation = () -> new Thread(null, task, name, 0, false);
    Thread thread = AccessController.doPrivileged(creation);
    thread.setDaemon(true);
    thread.setContextClassLoader(BareThread.class.getClassLoader());
    return thread;
  }
}
