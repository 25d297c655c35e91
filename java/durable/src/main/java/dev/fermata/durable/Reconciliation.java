// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.util.Objects;

/**
 * What became of a call of an earlier run. Immutable.
 *
 * @param <T> type of the call's result
 */
public final class Reconciliation<T> {
  private static final Reconciliation<?> DID_NOT_HAPPEN = new Reconciliation<>(false, null, null);

  private final boolean happened;
  private final T value;
  private final Exception failure;

  private Reconciliation(boolean happened, T value, Exception failure) {
    this.happened = happened;
    this.value = value;
    this.failure = failure;
  }

  /**
   * The call happened: its result is recorded, and the call not made.
   *
   * @param value what it returned, may be {@code null}
   * @param <T> type of the call's result
   * @return the answer
   */
  public static <T> Reconciliation<T> happened(T value) {
    return new Reconciliation<>(true, value, null);
  }

  /**
   * The call happened and failed: that is recorded, and the call not made.
   *
   * @param failure what it threw
   * @param <T> type of the call's result
   * @return the answer
   */
  public static <T> Reconciliation<T> failed(Exception failure) {
    return new Reconciliation<>(true, null, Objects.requireNonNull(failure, "failure"));
  }

  /**
   * The call never happened: it is made.
   *
   * @param <T> type of the call's result
   * @return the answer
   */
  @SuppressWarnings("unchecked")
  public static <T> Reconciliation<T> didNotHappen() {
    return (Reconciliation<T>) DID_NOT_HAPPEN;
  }

  boolean isHappened() {
    return happened;
  }

  T value() {
    return value;
  }

  Exception failure() {
    return failure;
  }
}
