// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import java.util.List;

/**
 * What one {@link ContinuationActionExecutor} does and has done, for JMX.
 *
 * <p>Registered as {@code dev.fermata:type=Executor,name=<name>} from the executor's creation until
 * its {@code close()}; a second executor of the same name is registered as {@code <name>-2}, and so
 * on. Counters start at 0 when the executor is made and only grow. All methods may be called from
 * any thread and never wait for the owner or an action.
 */
public interface FermataExecutorMXBean {
  /** {@return the name under which the executor is registered} */
  String getName();

  /** {@return the strategy by which its actions wait: one of {@link Strategy}} */
  String getStrategy();

  /** {@return the calls that were submitted and whose outcome was not yet taken, now} */
  long getInFlightCalls();

  /** {@return the calls that wait for a worker, now} */
  long getQueuedCalls();

  /** {@return the calls that a worker runs, now} */
  long getRunningCalls();

  /** {@return the sleeps that are not over, now} */
  long getSleepingCalls();

  /** {@return the deadlines and sleeps that the timer keeps, now} */
  long getTimerEntries();

  /** {@return the actions that are suspended, now} */
  long getSuspendedActions();

  /** {@return the worker threads that are alive, now} */
  long getWorkers();

  /** {@return how often the owner was woken: at most once for each burst of completions} */
  long getWakeUps();

  /** {@return how many calls returned a value, sleeps included} */
  long getCompletedCalls();

  /** {@return how many calls threw} */
  long getFailedCalls();

  /** {@return how many calls were cancelled} */
  long getCancelledCalls();

  /** {@return how many calls met their deadline before they were done} */
  long getTimedOutCalls();

  /** {@return how many calls were aborted because the executor closed} */
  long getAbortedCalls();

  /** {@return how many calls ran in place and held the owner because the action was pinned} */
  long getPinnedCalls();

  /** {@return how many calls had to wait for a place in the queue or in the table of calls} */
  long getBackpressuredCalls();

  /** {@return how many actions began} */
  long getStartedActions();

  /** {@return how many actions ended, by returning or throwing} */
  long getFinishedActions();

  /** {@return how often an action was suspended} */
  long getSuspensions();

  /** {@return how long suspended actions waited until they were resumed} */
  WaitTimes getWaitTimes();

  /**
   * Lists suspended actions with their stacks, which no thread dump of the JDK shows.
   *
   * @param max the most to list, the oldest first; at least 1
   * @return a moment's view: an action may have been resumed meanwhile
   * @throws IllegalArgumentException if {@code max} is below 1
   */
  List<SuspendedAction> dumpSuspendedActions(int max);

  /**
   * Times from suspension to resumption, each exact to 1%. Times above one day count as one day.
   */
  interface WaitTimes {
    /** {@return how many waits there were} */
    long getCount();

    /** {@return the mean, in microseconds; 0 if there was no wait} */
    double getMeanMicros();

    /** {@return the median, in microseconds} */
    long getP50Micros();

    /** {@return the 90th percentile, in microseconds} */
    long getP90Micros();

    /** {@return the 99th percentile, in microseconds} */
    long getP99Micros();

    /** {@return the 99.9th percentile, in microseconds} */
    long getP999Micros();

    /** {@return the longest, in microseconds} */
    long getMaxMicros();
  }

  /** One suspended action. */
  interface SuspendedAction {
    /** {@return the action's name} */
    String getName();

    /** {@return what it waits for} */
    String getWaitsFor();

    /** {@return how long it has been suspended, in milliseconds} */
    long getAgeMillis();

    /**
     * {@return its stack, innermost frame first, as stack traces print it; empty where the strategy
     * cannot tell}
     */
    List<String> getStack();
  }
}
