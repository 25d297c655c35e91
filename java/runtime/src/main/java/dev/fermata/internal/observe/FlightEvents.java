// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

/**
 * Fermata's events for JDK Flight Recorder: {@code dev.fermata.Suspend}, {@code Resume}, {@code
 * Call} and {@code Pinned}.
 *
 * <p>The only class to use them by: it links to the event classes only where module {@code jdk.jfr}
 * is present. While nobody records an event, its method returns an interval that does nothing and
 * allocates nothing; arguments are turned into text only for a recording. Thread-safe.
 */
public final class FlightEvents {
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private FlightEvents() {}

  /** A stretch of time that becomes an event when it ends. */
  public interface Interval {
    /** An interval that nobody records. */
    Interval NOT_RECORDED = outcome -> {};

    /**
     * Ends the interval and commits the event. Call it once, on any thread; the event shows that
     * thread.
     *
     * @param outcome a word for how it ended
     */
    void end(String outcome);
  }

  /**
   * An action is about to be suspended; the interval lasts until it goes on. Begin and end it
   * inside the action, whose stack it shows.
   *
   * @param executor name of the executor
   * @param action name of the action
   * @param waitsFor what it waits for
   */
  public static Interval suspend(String executor, Object action, Object waitsFor) {
    return PRESENT ? SuspendEvent.start(executor, action, waitsFor) : Interval.NOT_RECORDED;
  }

  /**
   * The owner begins or resumes an action; the interval is the slice that follows. Begin and end it
   * on the owner.
   *
   * <p>With virtual threads some slices are missing in recordings of JDK 25: code that is not yet
   * fully optimised loses the first event that a thread writes after a virtual thread which it
   * carried has written one.
   *
   * @param executor name of the executor
   * @param action name of the action
   */
  public static Interval resume(String executor, Object action) {
    return PRESENT ? ResumeEvent.start(executor, action) : Interval.NOT_RECORDED;
  }

  /**
   * A worker begins a call; the interval lasts until its supplier has returned or thrown.
   *
   * @param executor name of the executor
   * @param supplier class of the supplier
   * @param submittedNanos {@link System#nanoTime} at its submission
   */
  public static Interval call(String executor, Class<?> supplier, long submittedNanos) {
    return PRESENT ? CallEvent.start(executor, supplier, submittedNanos) : Interval.NOT_RECORDED;
  }

  /**
   * An action could not be suspended, so a call is run in place; the interval is that run. Begin
   * and end it inside the action, whose stack it shows.
   *
   * @param executor name of the executor
   * @param action name of the action
   * @param reason why it could not be suspended
   */
  public static Interval pinned(String executor, Object action, Object reason) {
    return PRESENT ? PinnedEvent.start(executor, action, reason) : Interval.NOT_RECORDED;
  }
}
