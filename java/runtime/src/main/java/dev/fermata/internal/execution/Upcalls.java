// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.bridge.EngineUpcalls;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.FlightEvents;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the native engine of one execution calls. Owns the tables of calls and contexts, because
 * native code keeps this object alive while it has threads, and must keep nothing else alive:
 * neither the executor nor {@link Engine}, whose collection frees the engine of an executor nobody
 * closed.
 */
final class Upcalls implements EngineUpcalls {
  private static final Logger LOG = LoggerFactory.getLogger(Upcalls.class);

  final SlotTable<Call<?>> calls = new SlotTable<>();
  final SlotTable<ActionState> contexts = new SlotTable<>();
  final SlotTable<SubmittedCall<?>> submitted = new SlotTable<>();
  final Set<Call<?>> abandoned = ConcurrentHashMap.newKeySet();
  final SpaceWaiters spaceWaiters = new SpaceWaiters();
  final ReadySignal readySignal = new ReadySignal();
  final CountDownLatch threadsEnded = new CountDownLatch(1);
  private final String executorName;
  private final Runnable waker;

  /** Takes the executor's name and the owner's waker, or null. */
  Upcalls(String executorName, Runnable waker) {
    this.executorName = executorName;
    this.waker = waker;
  }

  @Override
  public int run(long id) {
    Call<?> call = calls.get(id);
    // Discarded between the worker's taking it and now: nobody looks at the outcome any more.
    if (call == null) {
      return Verdict.OUTCOME_ERROR;
    }
    FlightEvents.Interval recorded =
        FlightEvents.call(executorName, call.supplierType(), call.createdNanos());
    // What depends on the future of the supplier before may have interrupted this thread.
    Thread.interrupted();
    int outcome = call.run();
    // A supplier that interrupted its own thread must not interrupt what depends on its future.
    Thread.interrupted();
    recorded.end(outcome == Verdict.OUTCOME_VALUE ? "value" : "error");
    if (!abandoned.isEmpty()) {
      abandoned.remove(call);
    }
    return outcome;
  }

  /**
   * Interrupts a call whose action has gone on without it. If it runs nevertheless, it is
   * remembered until it ends, for the report of {@link Closing}.
   */
  void abandon(Call<?> call) {
    call.interrupt();
    if (call.runner() != null) {
      abandoned.add(call);
      if (call.hasEnded()) {
        abandoned.remove(call);
      }
    }
  }

  @Override
  public void wake() {
    readySignal.wake();
    if (waker != null) {
      try {
        waker.run();
      } catch (Throwable thrown) {
        LOG.error(
            "The waker {} threw; its owner may never learn that contexts are ready. A waker must not"
                + " throw.",
            waker,
            thrown);
      }
    }
  }

  @Override
  public void space() {
    spaceWaiters.wakeAll();
  }

  @Override
  public void expired(long id) {
    Call<?> call = calls.get(id);
    if (call != null) {
      call.interrupt();
    }
  }

  @Override
  public void notifyContext(long id) {
    ActionState state = contexts.get(id);
    if (state != null) {
      state.wake();
      return;
    }
    SubmittedCall<?> call = submitted.get(id);
    if (call != null) {
      call.settle();
    }
  }

  @Override
  public void threadEnded(boolean last) {
    if (last) {
      threadsEnded.countDown();
    }
  }
}
