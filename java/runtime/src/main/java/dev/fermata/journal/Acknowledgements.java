// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.internal.bridge.JournalUpcalls;
import dev.fermata.internal.bridge.NativeJournal;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The appends and syncs that native code was given and has not told of. Native code reaches this,
 * and this reaches no {@link Journal}, so that one that nobody holds can be collected. Thread-safe.
 */
final class Acknowledgements implements JournalUpcalls {
  private final Map<Long, Append> awaited = new ConcurrentHashMap<>();
  private final AtomicLong lastToken = new AtomicLong(NativeJournal.NOBODY);
  private final UnfinishedActions actions;

  /** The journal's thread, once it has told of something. */
  private volatile Thread thread;

  Acknowledgements(UnfinishedActions actions) {
    this.actions = actions;
  }

  /** Names an append of whose end native code tells. */
  long await(Append append) {
    long token = lastToken.incrementAndGet();
    awaited.put(token, append);
    return token;
  }

  @Override
  public void acknowledged(long token) {
    thread = Thread.currentThread();
    Append append = awaited.remove(token);
    if (append != null) {
      try {
        succeeded(append);
      } catch (Throwable unexpected) {
        // Nobody else ends it: native code tells of it once.
        append.future.completeExceptionally(unexpected);
        throw unexpected;
      }
    }
  }

  @Override
  public void failed(long token, String kind, String message) {
    thread = Thread.currentThread();
    Append append = awaited.remove(token);
    if (append != null) {
      failed(append, new FermataException(ErrorKind.ofNativeName(kind), message));
    }
  }

  void succeeded(Append append) {
    if (append.record != null) {
      actions.acknowledged(append);
    }
    append.future.complete(null);
  }

  /** Native code did not take an append, and tells nothing of it. */
  void refused(long token, Append append, Throwable cause) {
    awaited.remove(token);
    failed(append, cause);
  }

  /** Waits no more: nobody knows when the storage answers. */
  void abandon(FermataException cause) {
    for (Long token : awaited.keySet()) {
      Append append = awaited.remove(token);
      if (append != null) {
        failed(append, new FermataException(cause.kind(), cause.getMessage(), cause));
      }
    }
  }

  private void failed(Append append, Throwable cause) {
    if (append.record != null) {
      actions.failed(append);
    }
    append.future.completeExceptionally(cause);
  }

  /** Whether the caller is a dependent of an append, which the journal's thread runs. */
  boolean isOwnThread() {
    return Thread.currentThread() == thread;
  }
}
