// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.Level;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/** How {@link DurableActions} record. Immutable. */
public final class DurableOptions {
  private static final List<Class<? extends Exception>> REBUILT =
      List.of(
          CallTimedOutException.class,
          UnrecordableResultException.class,
          Exception.class,
          RuntimeException.class,
          IllegalArgumentException.class,
          IllegalStateException.class,
          NullPointerException.class,
          UnsupportedOperationException.class,
          IOException.class,
          FileNotFoundException.class,
          SocketException.class,
          ConnectException.class,
          SocketTimeoutException.class,
          UnknownHostException.class,
          TimeoutException.class);

  private final Serialiser serialiser;
  private final Level level;
  private final boolean forgetOnReturn;
  private final Clock clock;
  private final Outcomes outcomes;

  private DurableOptions(Builder builder) {
    serialiser = builder.serialiser == null ? JsonSerialiser.create() : builder.serialiser;
    level = builder.level;
    forgetOnReturn = builder.forgetOnReturn;
    clock = builder.clock;
    outcomes =
        new Outcomes(serialiser, builder.maxResultBytes, new RecordedExceptions(builder.rebuilt));
  }

  /**
   * Returns a builder with the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  Serialiser serialiser() {
    return serialiser;
  }

  Level level() {
    return level;
  }

  boolean forgetOnReturn() {
    return forgetOnReturn;
  }

  Clock clock() {
    return clock;
  }

  Outcomes outcomes() {
    return outcomes;
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {
    private final Set<Class<? extends Exception>> rebuilt = new LinkedHashSet<>(REBUILT);
    private Serialiser serialiser;
    private Level level = Level.DISK;
    private boolean forgetOnReturn = true;
    private int maxResultBytes = 8 << 20;
    private Clock clock = Clock.systemUTC();

    private Builder() {}

    /**
     * Sets how results and arguments become bytes. What one serialiser wrote another cannot read:
     * keep it while there are unfinished actions.
     *
     * @param used default {@link JsonSerialiser#create()}
     * @return this builder
     */
    public Builder serialiser(Serialiser used) {
      serialiser = Objects.requireNonNull(used, "used");
      return this;
    }

    /**
     * Sets what has to have happened to the outcome of a call before the action goes on.
     *
     * @param reached default {@link Level#DISK}
     * @return this builder
     */
    public Builder level(Level reached) {
      level = Objects.requireNonNull(reached, "reached");
      return this;
    }

    /**
     * Adds to the exceptions that are made again when a later run reads them from the record, so
     * that an action that catches them takes the same way; others become {@link
     * RecordedCallException}. Of the platform's exceptions some common ones are on the list, such
     * as {@link IOException}. What is made again is exactly of the listed class, not of a subclass.
     *
     * @param types classes with a constructor that takes a message, a message and a cause, or
     *     nothing
     * @return this builder
     * @throws IllegalArgumentException from {@link #build} if one has none, or it is not accessible
     */
    @SafeVarargs
    public final Builder rebuild(Class<? extends Exception>... types) {
      for (Class<? extends Exception> type : types) {
        rebuilt.add(type);
      }
      return this;
    }

    /**
     * Sets whether an action that returned is forgotten.
     *
     * @param forget default {@code true}: its id is free for another action. {@code false}: until
     *     {@link DurableActions#forget} a run under its id returns the same and makes no call; for
     *     callers who have to hand on the result before they can forget who made it. Calls that are
     *     open when the action returns are cancelled in either case, and here recorded as that
     * @return this builder
     */
    public Builder forgetOnReturn(boolean forget) {
      forgetOnReturn = forget;
      return this;
    }

    /**
     * Sets how long a result may be in its serialised form. The outcome of a call that returned a
     * longer one is an {@link UnrecordableResultException}.
     *
     * @param bytes at least 1, default 8 MiB; less than the journal's longest record
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxResultBytes(int bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("maxResultBytes must be at least 1, but is " + bytes);
      }
      maxResultBytes = bytes;
      return this;
    }

    Builder clock(Clock used) {
      clock = used;
      return this;
    }

    /**
     * Ends the options.
     *
     * @return the options
     * @throws IllegalArgumentException if an exception to be made again cannot be
     */
    public DurableOptions build() {
      return new DurableOptions(this);
    }
  }
}
