// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.continuation.Coroutines;
import dev.fermata.internal.continuation.Saved;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * Code that can be suspended in the middle, and resumed there by whoever holds this object: saved,
 * copied, and resumed more than once.
 *
 * <pre>{@code
 * Continuation walk = new Continuation(self -> {
 *   String first = self.suspend("which way?");
 *   self.suspend("going " + first);
 * });
 * walk.resume();                      // true: suspended, walk.value() is "which way?"
 * Continuation other = walk.copy();
 * walk.resume("left");                // walk.value() is "going left"
 * other.resume("right");              // other.value() is "going right"
 * }</pre>
 *
 * <p><b>Two ways to go on.</b> <em>Live</em>: from the frames where it was suspended, some hundred
 * nanoseconds. <em>Replayed</em>: a copy, and one that was read from a stream, has no frames; its
 * first {@code resume} (or {@code value}) runs the entry point, as it was before its first resume,
 * once more, and hands it the recorded inputs without returning in between; from then on it is
 * live. So the entry point has to be deterministic, see {@link ContinuationEntryPoint}; inputs must
 * not be changed after they were given; and entry point and, if it is saved, inputs have to be
 * serialisable. What only the live way is wanted for is made by {@link #live}, which records
 * nothing.
 *
 * <p><b>Threads.</b> One thread at a time may use a continuation, any; what one did is visible to
 * the next. {@code resume} returns when the code suspends or ends; if it blocks, so does its
 * caller. Which thread the code sees as its own depends on the {@linkplain Builder#strategy
 * strategy}: with {@link Strategy#CONTINUATION} the caller's, if that is a platform thread, else
 * one of its own.
 *
 * <p><b>Lifecycle.</b> A suspended one may simply be dropped under {@link Strategy#CONTINUATION}:
 * it is collected, and its {@code finally} blocks do not run. Under the other strategies it keeps a
 * thread until it is closed; as a safety net it is closed some time after this object was
 * collected, which cannot be if its own frames lead to it. {@link #close()} always runs the {@code
 * finally} blocks.
 */
public final class Continuation implements Serializable, AutoCloseable {
  private static final long serialVersionUID = 1L;

  /** System property that makes each continuation {@linkplain Builder#checked checked}. */
  public static final String CHECK_PROPERTY = "fermata.continuation.check";

  private static final Cleaner CLEANER = Cleaner.create();

  private final transient Run run;
  private transient boolean watched;

  /**
   * Creates a continuation that can be copied and saved. Nothing runs yet.
   *
   * @param entryPoint its code
   * @throws UnsupportedOperationException if there are no continuations on this JVM; the message
   *     says why
   */
  public Continuation(ContinuationEntryPoint entryPoint) {
    this(new Run(ContinuationOptions.defaults(), Objects.requireNonNull(entryPoint, "entryPoint")));
  }

  Continuation(Run run) {
    this.run = run;
  }

  /**
   * Creates a continuation that can be copied and saved, as the constructor does.
   *
   * @param entryPoint its code
   * @return not yet begun
   */
  public static Continuation create(ContinuationEntryPoint entryPoint) {
    return new Continuation(entryPoint);
  }

  /**
   * Creates a continuation that records nothing: it can be resumed and closed, not copied or saved,
   * and neither needs a serialisable entry point nor a deterministic one.
   *
   * @param entryPoint its code
   * @return not yet begun
   * @throws UnsupportedOperationException if there are no continuations on this JVM
   */
  public static Continuation live(ContinuationEntryPoint entryPoint) {
    return builder().live().build(entryPoint);
  }

  /**
   * Returns a builder with the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Tells whether there are continuations on this JVM. There are, unless the system property {@code
   * fermata.strategy} forces a strategy that does not work here, or {@code inline}.
   *
   * @return whether the constructor works
   */
  public static boolean isSupported() {
    try {
      Coroutines.byDefault();
      return true;
    } catch (UnsupportedOperationException none) {
      return false;
    }
  }

  /**
   * Runs the code from where it was suspended, or from its beginning, until it suspends or ends.
   *
   * @return {@code true} if it suspended, {@code false} if it ended
   * @throws ContinuationExecutionException if the code threw an exception; an error is thrown as it
   *     is. The continuation is completed then
   * @throws IllegalContinuationStateException if it is completed, closed, or in use; or if the
   *     caller holds a monitor and the strategy cannot leave it alone: nothing has happened then.
   *     Or if it was closed while it ran: its code has run then, and has ended
   * @throws NonDeterministicContinuationException if this was a replay, and it went another way
   */
  public boolean resume() {
    return resume(null);
  }

  /**
   * As {@link #resume()}, and passes in what the pending {@link SuspendCapability#suspend(Object)}
   * returns.
   *
   * @param input must not be changed afterwards; {@code null} at the first resume
   * @return {@code true} if it suspended, {@code false} if it ended
   * @throws IllegalArgumentException if there is an input although the code has not begun
   */
  public boolean resume(Object input) {
    if (!watched && run.holdsThread()) {
      watched = true;
      CLEANER.register(this, new Dropped(run));
    }
    try {
      return run.resume(input);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Returns what the last {@link SuspendCapability#suspend(Object)} handed out. Of a continuation
   * that was read from a stream it is found out by replaying; if that fails, by one of the
   * exceptions below, the continuation stays as it was.
   *
   * @return the value; {@code null} if there was none, and if the continuation is not suspended
   * @throws IllegalContinuationStateException if it is in use; if the caller holds a monitor and
   *     the strategy cannot leave it alone; or if it was saved where this strategy cannot suspend
   *     it
   * @throws NonDeterministicContinuationException if the replay went another way
   */
  public Object value() {
    try {
      return run.value();
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Returns whether it can be resumed.
   *
   * @return {@code true} if it is new or suspended
   */
  public boolean isResumable() {
    return run.state() == Run.State.RESUMABLE;
  }

  /**
   * Returns whether it has come to its end.
   *
   * @return {@code true} if the code has returned or thrown, or if it was closed
   */
  public boolean isCompleted() {
    return run.state().isOver();
  }

  /**
   * Returns a continuation that stands where this one stands, and goes on independently. It shares
   * the history, and has an entry point of its own, as this one's was at the beginning or at the
   * last snapshot; its first resume replays.
   *
   * @return new or suspended, as this one
   * @throws IllegalContinuationStateException if this one is running, completed or closed
   * @throws IllegalStateException if it is {@linkplain #live live}, or its entry point cannot be
   *     serialised
   */
  public Continuation copy() {
    try {
      return new Continuation(run.copy());
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Returns how long a replay would be.
   *
   * @return how many inputs and outcomes it was given since its beginning or its last snapshot; 0
   *     if it is live or completed
   */
  public long historyLength() {
    return run.historyLength();
  }

  /**
   * Ends the continuation. A suspended one is resumed with {@link dev.fermata.ActionAbortedError},
   * which each further suspend throws again, so that its {@code finally} blocks run, and is waited
   * for. One that is running ends at its next suspend, and is not waited for. Code that catches the
   * error and suspends again 1,000 times is left where it is, with a warning in the log; under
   * {@code HANDOFF} and {@code VIRTUAL} its thread stays. Idempotent; any thread.
   *
   * @throws ContinuationExecutionException if a {@code finally} block threw another exception
   */
  @Override
  public void close() {
    run.close();
  }

  /**
   * Saves the continuation in Fermata's own format: its entry point and its history. It stays as it
   * is.
   *
   * @param out is written to, not closed
   * @param format how objects become bytes
   * @throws IOException if writing fails, or an object cannot be serialised or is not allowed
   * @throws IllegalStateException if it is {@linkplain #live live}; if it is running or closed
   */
  public void writeTo(OutputStream out, ContinuationFormat format) throws IOException {
    try {
      format.write(Refusals.saved(run), out);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Reads a continuation that {@link #writeTo} has written. Runs none of its code.
   *
   * @param in is read no further than the continuation goes, and not closed
   * @param format must allow what is in it
   * @return a continuation that goes on where it was saved
   * @throws IOException if reading fails, or what is read is no continuation, is damaged, is too
   *     large, or has something that the format does not allow
   * @throws UnsupportedOperationException if there are no continuations on this JVM
   */
  public static Continuation readFrom(InputStream in, ContinuationFormat format)
      throws IOException {
    return restored(format.read(in, ContinuationEntryPoint.class));
  }

  static Continuation restored(Saved saved) throws InvalidObjectException {
    if (saved.state() == Saved.State.UNTAKEN) {
      throw new InvalidObjectException("A continuation has no elements that could be untaken");
    }
    return new Continuation(new Run(ContinuationOptions.defaults(), saved, null));
  }

  /**
   * Lets effects of {@link SuspendCapability#once} not happen, from the next resume on: the
   * continuation is suspended before the effect instead, {@link #isAtEffect()}, and stays there
   * until it is resumed without this.
   */
  void holdEffects(boolean hold) {
    run.holdEffects(hold);
  }

  /** Whether it was never suspended, and its first resume takes no input. */
  boolean isNew() {
    return run.isNew();
  }

  /** Whether it is suspended before an effect: the next resume takes no input. */
  boolean isAtEffect() {
    return run.isAtEffect();
  }

  /** The saved form, written into the same stream. */
  private Object writeReplace() throws NotSerializableException {
    return new SavedContinuation(Refusals.saved(run));
  }

  private void readObject(ObjectInputStream in) throws InvalidObjectException {
    throw new InvalidObjectException("A continuation is read by its saved form alone");
  }

  /** Returns its state, for people. */
  @Override
  public String toString() {
    return "Continuation[" + run.state() + "]";
  }

  /** Ends the thread of a continuation that nobody holds any more. */
  private static final class Dropped implements Runnable {
    private final Run run;

    Dropped(Run run) {
      this.run = run;
    }

    @Override
    public void run() {
      if (!run.state().isOver()) {
        // Its finally blocks may take their time.
        Thread closing = new Thread(null, run::close, "fermata-continuation-close", 0, false);
        closing.setDaemon(true);
        closing.start();
      }
    }
  }

  /** Options of a continuation; not thread-safe. */
  public static final class Builder {
    private boolean recorded = true;
    private boolean checked = Boolean.getBoolean(CHECK_PROPERTY);
    private boolean trusting;
    private Strategy strategy;

    private Builder() {}

    /**
     * Records nothing, see {@link Continuation#live}.
     *
     * @return this builder
     */
    public Builder live() {
      recorded = false;
      return this;
    }

    /**
     * Replays the continuation at every suspend and at its end, and compares: for tests, for it
     * takes time with the square of the history. {@code resume} then throws {@link
     * NonDeterministicContinuationException} at the first difference in where it suspends, what it
     * hands out or what it asks for, and also if an input was changed after it was given.
     *
     * <p>Values differ if neither {@code equals} nor their serialised form says that they are the
     * same. So values that are not serialisable are told apart by their class alone, and exceptions
     * by their class and message.
     *
     * @param check whether to do that; default is the system property {@value #CHECK_PROPERTY}
     * @return this builder
     */
    public Builder checked(boolean check) {
      checked = check;
      return this;
    }

    /**
     * Promises that the code holds no monitor when it suspends, which spares the look for one: from
     * Java 24 on that is most of what a suspend under {@link Strategy#CONTINUATION} costs. A
     * monitor that is held all the same is still noticed if no other thread ever waited for it, and
     * else now and then; unnoticed it excludes nobody any more. Nothing changes under other
     * strategies and before Java 24.
     *
     * @return this builder
     */
    public Builder holdsNoMonitors() {
      trusting = true;
      return this;
    }

    /**
     * Sets how it is suspended.
     *
     * @param wanted default: what the system property {@code fermata.strategy} says, else {@link
     *     Strategy#CONTINUATION} where it works, else {@link Strategy#HANDOFF}
     * @return this builder
     */
    public Builder strategy(Strategy wanted) {
      strategy = Objects.requireNonNull(wanted, "wanted");
      return this;
    }

    /**
     * Creates a continuation.
     *
     * @param entryPoint its code
     * @return not yet begun
     * @throws UnsupportedOperationException if the strategy does not work on this JVM
     */
    public Continuation build(ContinuationEntryPoint entryPoint) {
      return new Continuation(new Run(options(), Objects.requireNonNull(entryPoint, "entryPoint")));
    }

    ContinuationOptions options() {
      return ContinuationOptions.of(recorded, checked, trusting, strategy);
    }
  }
}
