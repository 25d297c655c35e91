// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/**
 * An action does not ask for what an earlier run of it asked for: its code has been changed, or
 * does something that differs from run to run (the time, chance, the order of a hash table) without
 * asking its {@link DurableContext}. Its records are left as they are.
 *
 * <p>The remedy: run the code that wrote the records until its actions have ended; or {@linkplain
 * DurableActions#forget forget} the action, and with it what it paid for.
 */
public class NonDeterministicActionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String actionId;
  private final String recorded;
  private final String asked;

  /**
   * Creates an exception.
   *
   * @param actionId id of the action
   * @param recorded what an earlier run asked for
   * @param asked what this run asks for in its place
   */
  public NonDeterministicActionException(String actionId, String recorded, String asked) {
    super(
        "The action '"
            + actionId
            + "' does not repeat what is recorded of it. Recorded: "
            + recorded
            + ". Asked for: "
            + asked
            + ". Run it with the code that it was begun with, or forget it.");
    this.actionId = actionId;
    this.recorded = recorded;
    this.asked = asked;
  }

  /**
   * Returns whose records do not fit.
   *
   * @return id of the action
   */
  public String actionId() {
    return actionId;
  }

  /**
   * Returns what an earlier run asked for.
   *
   * @return text for humans
   */
  public String recorded() {
    return recorded;
  }

  /**
   * Returns what this run asked for in its place.
   *
   * @return text for humans
   */
  public String asked() {
    return asked;
  }
}
