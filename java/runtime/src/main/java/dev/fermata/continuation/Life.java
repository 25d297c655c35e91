// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.ActionAbortedError;
import dev.fermata.internal.continuation.Coroutine;
import dev.fermata.internal.continuation.EntryImage;
import dev.fermata.internal.continuation.Step;
import dev.fermata.internal.strategy.Pin;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The code of a continuation on its coroutine, from its first slice in this process to its end, and
 * what it and its {@link Run} hand to each other. A {@code Run} has one at a time.
 *
 * <p>All fields belong to the code while it runs, and else to whoever has claimed the {@code Run}.
 */
final class Life {
  private static final Logger LOG = LoggerFactory.getLogger(Life.class);

  /** How often code may catch that it is aborted and suspend again, before it is left alone. */
  private static final int MAX_ABORTS = 1_000;

  private final ContinuationOptions options;

  /** Entry point or generator. */
  private final Object source;

  private final Journal journal;

  /** Set by any thread: each further suspend throws. */
  private final AtomicBoolean aborting;

  private final SuspendCapability capability = new SuspendCapability(this);
  private final Coroutine coroutine;

  private boolean begun;

  /** Whether any of the code ran in this slice. */
  private boolean ran;

  private boolean effectsHeld;

  /** Whether nothing but the suspend where the history ends is wanted. */
  private boolean seeking;

  private boolean atEffect;
  private boolean inEffect;
  private Object input;
  private Object emitted;
  private EntryImage snapshot;
  private int aborts;

  /** Why it must not go on; thrown again by all that it calls. */
  private Throwable stopped;

  private Throwable failure;

  Life(ContinuationOptions options, Object source, Journal journal, AtomicBoolean aborting) {
    this.options = options;
    this.source = source;
    this.journal = journal;
    this.aborting = aborting;
    coroutine = options.coroutines().create(this::body);
  }

  static EntryImage image(Object source) {
    return source instanceof Generator ? ((Generator<?>) source).image() : EntryImage.of(source);
  }

  /** Whether any of the code has run. */
  boolean hasBegun() {
    return begun;
  }

  void checkCaller() {
    if (coroutine.endangersCaller()) {
      throw Refusals.ofCaller(coroutine.strategy());
    }
  }

  /**
   * Runs a slice; returns whether the code has ended.
   *
   * @throws NotStarted if nothing has run, and it may be tried again
   */
  boolean run(Object given, boolean holdEffects) throws NotStarted {
    input = given;
    effectsHeld = holdEffects;
    emitted = null;
    ran = false;
    try {
      return coroutine.run();
    } catch (OutOfMemoryError | IllegalStateException failed) {
      if (ran) {
        throw failed;
      }
      throw new NotStarted(failed);
    }
  }

  /** Replays, and stops where the history ends; returns whether the code has ended instead. */
  boolean seek() throws NotStarted {
    seeking = true;
    try {
      return run(null, false);
    } finally {
      seeking = false;
    }
  }

  /** Runs the code to its end, as each suspend throws by now; returns what it threw. */
  Throwable end() {
    while (!coroutine.run()) {
      if (aborts > MAX_ABORTS) {
        LOG.warn(
            "A continuation of {} was closed, caught that {} times and suspended again each time:"
                + " it is left where it is. Let its code end after an ActionAbortedError",
            source.getClass().getName(),
            MAX_ABORTS);
        return null;
      }
    }
    return failure;
  }

  /** What the suspend that it stands at has handed out. */
  Object emitted() {
    return emitted;
  }

  /** Whether it has left its frames before an effect that is held. */
  boolean isAtEffect() {
    return atEffect;
  }

  /** Of its last snapshot, or {@code null}. */
  EntryImage snapshot() {
    return snapshot;
  }

  /** Why it must not go on, or {@code null}. */
  Throwable stopped() {
    return stopped;
  }

  /** What it threw, or {@code null}. */
  Throwable failure() {
    return failure;
  }

  /** The outermost frame of the code. */
  private void body() {
    begun = true;
    ran = true;
    try {
      if (source instanceof Generator) {
        ((Generator<?>) source).run(capability);
      } else {
        ((ContinuationEntryPoint) source).start(capability);
      }
      if (journal.isReplaying()) {
        journal.diverged("the entry point ended", null);
      }
    } catch (Throwable thrown) {
      failure = thrown;
      if (journal.isReplaying() && journal.divergence() == null && !aborting.get()) {
        journal.diverged("the entry point threw " + thrown, thrown);
      }
    }
  }

  // What follows is called by the code.

  Object suspend(Object value) {
    enter("suspend");
    if (journal.trace() != null) {
      journal.trace().suspends(value);
    }
    if (journal.isReplaying()) {
      return journal.replayedInput();
    }
    emitted = value;
    Pin pin = pause();
    if (pin != Pin.NONE) {
      throw refused(pin);
    }
    Object given = input;
    input = null;
    return given;
  }

  private Pin pause() {
    Pin pin = coroutine.suspend(options.isTrusting());
    if (pin == Pin.NONE) {
      ran = true;
      throwIfAborting();
    }
    return pin;
  }

  private IllegalContinuationStateException refused(Pin pin) {
    emitted = null;
    IllegalContinuationStateException refusal = Refusals.of(pin, coroutine.strategy());
    if (seeking) {
      stopped = refusal;
    } else {
      journal.record(Step.Kind.REFUSAL, refusal.getMessage());
    }
    return refusal;
  }

  @SuppressWarnings("unchecked")
  <T> T once(Callable<? extends T> effect) {
    enter("once");
    if (journal.trace() != null) {
      journal.trace().callsOnce();
    }
    if (journal.isReplaying()) {
      return (T) journal.replayedOutcome();
    }
    if (seeking) {
      stop(
          new NonDeterministicContinuationException(
              0, "it was suspended when it was saved, and now calls once" + Refusals.site(), null));
    }
    if (effectsHeld) {
      // It may hold locks: kept, its frames would exclude other branches, or be left by another
      // thread, and monitors cannot be kept.
      atEffect = true;
      stop(
          new ActionAbortedError(
              "The effect has to wait until a guess is confirmed; a replay goes on from here"
                  + " then"));
    }
    T result;
    inEffect = true;
    try {
      result = effect.call();
    } catch (Throwable thrown) {
      inEffect = false;
      journal.record(Step.Kind.FAILURE, thrown);
      throw Run.<RuntimeException>unchecked(thrown);
    }
    inEffect = false;
    journal.record(Step.Kind.RESULT, result);
    return result;
  }

  void takeSnapshot() {
    enter("snapshot");
    if (!journal.isRecorded() || journal.isReplaying()) {
      return;
    }
    EntryImage now = image(source);
    if (now.failure() != null) {
      throw new IllegalStateException(
          "The entry point cannot be serialised: " + now.failure(), now.failure());
    }
    snapshot = now;
    journal.forgetHistory();
  }

  boolean isReplaying() {
    return journal.isReplaying();
  }

  private void stop(Throwable reason) {
    stopped = reason;
    throw Run.<RuntimeException>unchecked(reason);
  }

  private void enter(String what) {
    if (!coroutine.isCurrent()) {
      throw Refusals.outside(what);
    }
    throwIfAborting();
    if (stopped != null) {
      throw Run.<RuntimeException>unchecked(stopped);
    }
    if (journal.divergence() != null) {
      throw journal.divergence();
    }
    if (inEffect) {
      throw new IllegalContinuationStateException(
          what + "() was called by the effect of a once(), which is not replayed: call it outside");
    }
  }

  private void throwIfAborting() {
    if (aborting.get()) {
      aborts++;
      if (aborts > MAX_ABORTS) {
        // Whoever closes it leaves it here.
        coroutine.suspend(false);
      }
      throw new ActionAbortedError("The continuation is closed");
    }
  }
}
