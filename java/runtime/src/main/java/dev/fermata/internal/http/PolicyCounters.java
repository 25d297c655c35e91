// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What a policy has done, as {@code PolicyCounts} tells users. Thread-safe. */
public final class PolicyCounters {
  public final LongAdder admitted = new LongAdder();
  public final AtomicLong waiting = new AtomicLong();
  public final LongAdder heldByRate = new LongAdder();
  public final LongAdder retriedStatuses = new LongAdder();
  public final LongAdder retriedFailures = new LongAdder();
  public final LongAdder exhausted = new LongAdder();
  public final LongAdder expired = new LongAdder();
}
