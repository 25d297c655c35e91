// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.timers;

import dev.fermata.internal.bridge.EngineUpcalls;
import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.loader.NativeLibrary;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Sleeps of Fermata's engine without the actions that they wake: what an action's sleep, and a
 * deadline, cost beyond the action. All belong to one context, which is ready when the last that it
 * waits for was due; each takes a slot, which is part of its cost.
 */
final class EngineTimers implements Timers {
  private static final long PATIENCE_SECONDS = 60;

  private final long engine;
  private final long context;
  private final long[] calls;
  private int entries;
  private volatile CountDownLatch ready;

  EngineTimers(int maxEntries) {
    NativeLibrary.load();
    calls = new long[maxEntries];
    engine =
        NativeEngine.create(
            new Wakes(), 1, 1, maxEntries, TimeUnit.SECONDS.toNanos(60), "fermata-bench");
    context = NativeEngine.createContext(engine, false);
  }

  @Override
  public void begin(int count) {
    entries = count;
    ready = new CountDownLatch(1);
    NativeEngine.beginSlice(engine, context);
    NativeEngine.armWait(engine, context, count);
  }

  @Override
  public void insert(int index, long nanos) {
    long call = NativeEngine.reserve(engine, context);
    calls[index] = call;
    NativeEngine.sleep(engine, call, nanos);
  }

  @Override
  public void cancel(int index) {
    NativeEngine.discard(engine, calls[index]);
  }

  @Override
  public void awaitAll() throws InterruptedException {
    NativeEngine.observe(engine);
    NativeEngine.endSlice(engine, context, false);
    if (!NativeEngine.hasReady(engine) && !ready.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("sleeps were lost");
    }
    NativeEngine.drainReady(engine, new long[1]);
    for (int i = 0; i < entries; i++) {
      if (NativeEngine.take(engine, calls[i]) < 0) {
        throw new IllegalStateException("a sleep is not over");
      }
    }
  }

  private final class Wakes implements EngineUpcalls {
    @Override
    public int run(long call) {
      throw new UnsupportedOperationException("nothing is submitted");
    }

    @Override
    public void wake() {
      ready.countDown();
    }

    @Override
    public void space() {}

    @Override
    public void expired(long call) {}

    @Override
    public void notifyContext(long resumed) {}

    @Override
    public void threadEnded(boolean last) {}
  }
}
