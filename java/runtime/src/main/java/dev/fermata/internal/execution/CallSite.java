// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

/**
 * The stack of the action that waited, attached as a suppressed exception to what its supplier
 * threw on another thread: the exception stays the same object and still tells who asked.
 */
final class CallSite extends Exception {
  private static final long serialVersionUID = 1L;

  private CallSite() {
    super("the call was made here");
  }

  /**
   * Throws what the supplier threw, with the caller's stack attached once: an exception object that
   * is thrown again and again does not grow.
   */
  static RuntimeException rethrow(Throwable thrown) {
    boolean attached = false;
    for (Throwable suppressed : thrown.getSuppressed()) {
      attached |= suppressed instanceof CallSite;
    }
    if (!attached) {
      thrown.addSuppressed(new CallSite());
    }
    throw CallSite.<RuntimeException>unchecked(thrown);
  }

  /** Throws it as it is, checked or not: what user code threw passes through Fermata unchanged. */
  static <E extends Throwable> RuntimeException unchecked(Throwable thrown) throws E {
    @SuppressWarnings("unchecked")
    E unchecked = (E) thrown;
    throw unchecked;
  }
}
