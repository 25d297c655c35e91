// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.bridge.EngineUpcalls;
import dev.fermata.internal.bridge.NativeEngine;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;

/**
 * A native engine and the lifetime of its memory.
 *
 * <p>{@link #beginClose} ends its threads and calls; its memory is freed only when this object is
 * unreachable, so a call that comes late, from whatever thread, never touches freed memory. Every
 * method keeps this object reachable until native code has returned. Thread-safe.
 */
final class Engine {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long pointer;

  Engine(EngineUpcalls upcalls, ExecutorOptions options) {
    long created =
        NativeEngine.create(
            upcalls,
            options.asyncThreads(),
            options.queueCapacity(),
            options.maxCalls(),
            Deadlines.nanos(options.keepAlive()),
            options.threadName());
    pointer = created;
    CLEANER.register(
        this,
        () -> {
          NativeEngine.beginClose(created);
          NativeEngine.destroy(created);
        });
  }

  long createContext(boolean resumedByUnpark) {
    try {
      return NativeEngine.createContext(pointer, resumedByUnpark);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void releaseContext(long context) {
    try {
      NativeEngine.releaseContext(pointer, context);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int beginSlice(long context) {
    try {
      return NativeEngine.beginSlice(pointer, context);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int endSlice(long context, boolean finished) {
    try {
      return NativeEngine.endSlice(pointer, context, finished);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void armWait(long context, int calls) {
    try {
      NativeEngine.armWait(pointer, context, calls);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int waitStatus(long context) {
    try {
      return NativeEngine.waitStatus(pointer, context);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  long reserve(long context) {
    try {
      return NativeEngine.reserve(pointer, context);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  boolean submit(long call, long deadlineNanos) {
    try {
      return NativeEngine.submit(pointer, call, deadlineNanos);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void sleep(long call, long nanos) {
    try {
      NativeEngine.sleep(pointer, call, nanos);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void leaveOutside(long call, long deadlineNanos) {
    try {
      NativeEngine.leaveOutside(pointer, call, deadlineNanos);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void arrive(long call) {
    try {
      NativeEngine.arrive(pointer, call);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int cancelCall(long call) {
    try {
      return NativeEngine.cancelCall(pointer, call);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int discard(long call) {
    try {
      return NativeEngine.discard(pointer, call);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int take(long call) {
    try {
      return NativeEngine.take(pointer, call);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void cancelContext(long context) {
    try {
      NativeEngine.cancelContext(pointer, context);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void unparked(long context) {
    try {
      NativeEngine.unparked(pointer, context);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void observe() {
    try {
      NativeEngine.observe(pointer);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  boolean hasReady() {
    try {
      return NativeEngine.hasReady(pointer);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int drainReady(long[] into) {
    try {
      return NativeEngine.drainReady(pointer, into);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void gauges(long[] into) {
    try {
      NativeEngine.gauges(pointer, into);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void beginClose() {
    try {
      NativeEngine.beginClose(pointer);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  int threadsAlive() {
    try {
      return NativeEngine.threadsAlive(pointer);
    } finally {
      Reference.reachabilityFence(this);
    }
  }
}
