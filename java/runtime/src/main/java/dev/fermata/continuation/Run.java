// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.ActionAbortedError;
import dev.fermata.internal.continuation.EntryImage;
import dev.fermata.internal.continuation.History;
import dev.fermata.internal.continuation.Saved;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What is behind a {@link Continuation}: the state machine and the journal, and the {@link Life} of
 * its code once it runs. It does not know the {@code Continuation} that the user holds, so that a
 * {@code Cleaner} can end the thread of one that was dropped.
 *
 * <p>All fields without a comment belong to whoever has claimed it: the one thread that resumes,
 * copies, saves or closes it.
 */
final class Run {
  /** Where a continuation stands. */
  enum State {
    /** New or suspended. */
    RESUMABLE,
    /** Someone has claimed it. */
    BUSY,
    COMPLETED,
    CLOSED;

    boolean isOver() {
      return this == COMPLETED || this == CLOSED;
    }
  }

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Run.class, "state", State.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ContinuationOptions options;

  /** Changed by compare and set, or by whoever has claimed it. */
  private volatile State state = State.RESUMABLE;

  /** Set by {@link #close()} of any thread: each further suspend throws. */
  private final AtomicBoolean aborting = new AtomicBoolean();

  /** Entry point or generator; {@code null} until it is made of the image. */
  private Object source;

  /** The source before the history; {@code null} before the first resume, unless it is a copy's. */
  private EntryImage image;

  /** {@code null} before the first resume in this process. */
  private Life life;

  private final Journal journal;

  /** Whether it was ever suspended, be it in an earlier life. */
  private boolean begun;

  /** Whether it stands before an effect, and so takes no input. */
  private boolean atEffect;

  private boolean effectsHeld;
  private Object value;
  private boolean valueKnown = true;

  Run(ContinuationOptions options, Object source) {
    this.options = options;
    this.source = source;
    journal = new Journal(options, History.EMPTY);
  }

  /**
   * One that goes on from where another was saved; of its source or, if it is a copy, its image.
   */
  Run(ContinuationOptions options, Saved saved, EntryImage image) {
    this.options = options;
    this.source = saved.entry();
    this.image = image;
    journal = new Journal(options, saved.history());
    begun = saved.state() != Saved.State.NEW;
    atEffect = saved.state() == Saved.State.AT_EFFECT;
    valueKnown = saved.state() == Saved.State.NEW || atEffect;
    state = saved.state() == Saved.State.COMPLETED ? State.COMPLETED : State.RESUMABLE;
  }

  State state() {
    return state;
  }

  boolean holdsThread() {
    return options.coroutines().holdThreads();
  }

  /** Only of a run that nobody uses at the same time. */
  long historyLength() {
    return journal.history().length();
  }

  boolean isNew() {
    return !begun;
  }

  boolean isAtEffect() {
    return state == State.RESUMABLE && atEffect;
  }

  void holdEffects(boolean hold) {
    effectsHeld = hold;
  }

  private void claim(String what) {
    if (!STATE.compareAndSet(this, State.RESUMABLE, State.BUSY)) {
      throw Refusals.inState(state, what);
    }
  }

  // A stack that is full lets no call succeed: what ends a claim is written where it ends.

  private void closeIfAborting() {
    if (aborting.get()) {
      close();
    }
  }

  /** Returns whether it is suspended again. */
  boolean resume(Object given) {
    claim("resumed");
    try {
      checkInput(given);
      prepare();
    } catch (Throwable refused) {
      state = State.RESUMABLE;
      closeIfAborting();
      throw refused;
    }
    boolean ended = false;
    NotStarted notStarted = null;
    try {
      journal.mark();
      if (begun && !atEffect) {
        journal.recordInput(given);
      }
      if (!life.hasBegun()) {
        journal.beginReplay();
      }
      try {
        ended = life.run(journal.isReplaying() ? null : given, effectsHeld);
        if (life.isAtEffect()) {
          standBeforeEffect();
          ended = false;
        } else {
          settle(ended);
        }
      } catch (NotStarted nothingRan) {
        notStarted = nothingRan;
        takeBack();
      }
    } catch (Throwable broken) {
      if (state == State.BUSY) {
        state = State.COMPLETED;
        breakDown();
      }
      throw broken;
    }
    if (!ended) {
      state = State.RESUMABLE;
      closeIfAborting();
    }
    if (notStarted != null) {
      throw notStarted.unchecked();
    }
    return !ended;
  }

  private void checkInput(Object given) {
    if (given != null && (!begun || atEffect)) {
      throw new IllegalArgumentException(
          "A continuation that "
              + (begun ? "waits before an effect" : "has not begun")
              + " takes no input, but was given "
              + given);
    }
  }

  /** Makes what is needed to run a slice. */
  private void prepare() {
    if (life == null) {
      if (options.isRecorded() && image == null) {
        image = Life.image(source);
      }
      life = new Life(options, source(), journal, aborting);
    }
    life.checkCaller();
  }

  /** After a slice that did not begin. */
  private void takeBack() {
    journal.takeBack();
    if (!life.hasBegun()) {
      life = null;
    }
  }

  /**
   * After a slice that was cut off below the code, as by a stack that is full: where, is unknown.
   */
  private void breakDown() {
    aborting.set(true);
    forget();
  }

  /** After a slice: ends the claim if the code has ended, and throws what it threw. */
  private void settle(boolean ended) {
    begun = begun || !ended;
    value = life.emitted();
    valueKnown = true;
    atEffect = false;
    if (life.snapshot() != null) {
      image = life.snapshot();
    }
    boolean comparable =
        !effectsHeld && !aborting.get() && journal.divergence() == null && life.stopped() == null;
    if (journal.trace() != null && comparable) {
      check(ended);
    }
    if (ended) {
      finish();
    }
  }

  /** What has left its frames stands before the effect by its history, as a copy would. */
  private void standBeforeEffect() {
    begun = true;
    atEffect = true;
    value = null;
    valueKnown = true;
    if (life.snapshot() != null) {
      image = life.snapshot();
    }
    source = null;
    life = null;
    if (journal.trace() != null) {
      journal.trace().clear();
    }
  }

  /** Lives this life once more, and compares. */
  private void check(boolean ended) {
    Refusals.unlessMade(image, "checked");
    Journal again = new Journal(options, journal.history());
    AtomicBoolean over = new AtomicBoolean();
    Life twin = null;
    try {
      again.beginReplay();
      twin = new Life(options, image.make(), again, over);
      twin.checkCaller();
      twin.run(null, true);
      journal.trace().compare(again.trace());
    } catch (NotStarted | RuntimeException | Error different) {
      if (!ended) {
        abort();
      } else {
        forget();
        state = State.COMPLETED;
      }
      throw Run.<RuntimeException>unchecked(
          different instanceof NotStarted ? different.getCause() : different);
    } finally {
      over.set(true);
      if (twin != null && twin.hasBegun()) {
        twin.end(); // What it thinks of that is no matter.
      }
    }
  }

  private void finish() {
    Throwable thrown = life.failure();
    Throwable stopped = life.stopped();
    NonDeterministicContinuationException diverged = journal.divergence();
    boolean aborted = aborting.get() && thrown instanceof ActionAbortedError;
    forget();
    state = aborted ? State.CLOSED : State.COMPLETED;
    if (aborted) {
      throw new IllegalContinuationStateException("The continuation was closed while it ran");
    }
    if (stopped != null) {
      throw Run.<RuntimeException>unchecked(stopped);
    }
    if (diverged != null) {
      throw diverged;
    }
    ContinuationExecutionException.throwIfAny(thrown);
  }

  private void forget() {
    source = null;
    image = null;
    life = null;
    journal.forgetHistory();
    value = null;
  }

  /** What the last suspend handed out; replays if that is not known. */
  Object value() {
    if (state != State.RESUMABLE) {
      return null;
    }
    if (!valueKnown) {
      claim("looked at");
      if (!valueKnown) {
        reachSuspension();
      } else {
        state = State.RESUMABLE;
        closeIfAborting();
      }
    }
    return value;
  }

  /** Replays up to where it stands; if that fails it stays as it was. */
  private void reachSuspension() {
    Throwable missed = null;
    try {
      missed = seek();
    } catch (Throwable broken) {
      if (state == State.BUSY) {
        state = State.COMPLETED;
        breakDown();
      }
      throw broken;
    }
    if (state == State.BUSY) {
      state = State.RESUMABLE;
      closeIfAborting();
    }
    if (missed != null) {
      throw Run.<RuntimeException>unchecked(missed);
    }
  }

  /** Returns why it cannot be told what it stands at, or {@code null}. */
  private Throwable seek() {
    try {
      prepare();
    } catch (RuntimeException | Error refused) {
      return refused;
    }
    journal.mark();
    journal.beginReplay();
    boolean ended;
    try {
      ended = life.seek();
    } catch (NotStarted notStarted) {
      takeBack();
      return notStarted.getCause();
    }
    if (!ended || aborting.get()) {
      settle(ended);
      return null;
    }
    Throwable missed = missed();
    life = null;
    if (image.failure() == null) {
      source = null;
    }
    journal.takeBack();
    if (journal.trace() != null) {
      journal.trace().forgetDone();
    }
    return missed;
  }

  /** Why a replay has not come to the suspend where it was saved. */
  private Throwable missed() {
    if (life.stopped() != null) {
      return life.stopped();
    }
    if (journal.divergence() != null) {
      return journal.divergence();
    }
    Throwable thrown = life.failure();
    if (thrown instanceof Error) {
      return thrown;
    }
    return new NonDeterministicContinuationException(
        0,
        "it was suspended when it was saved, and now " + (thrown == null ? "ended" : "threw"),
        thrown);
  }

  /** A copy, which shares the history. */
  Run copy() {
    claim("copied");
    try {
      Saved here = new Saved(reached(), null, journal.history());
      Run copy = new Run(options, here, image("copied"));
      copy.value = value;
      copy.valueKnown = valueKnown;
      return copy;
    } finally {
      state = State.RESUMABLE;
      closeIfAborting();
    }
  }

  /** What is to be saved, with an entry point made for it. */
  Saved save() {
    if (state == State.COMPLETED) {
      return new Saved(Saved.State.COMPLETED, null, History.EMPTY);
    }
    claim("saved");
    try {
      return new Saved(reached(), image("saved").make(), journal.history());
    } finally {
      state = State.RESUMABLE;
      closeIfAborting();
    }
  }

  private EntryImage image(String what) {
    Refusals.unlessRecorded(options, what);
    if (image == null) {
      image = Life.image(source);
    }
    Refusals.unlessMade(image, what);
    return image;
  }

  /** The entry point or generator that a copy begins with, made now. */
  Object source() {
    if (source == null) {
      source = image.make();
    }
    return source;
  }

  private Saved.State reached() {
    if (!begun) {
      return Saved.State.NEW;
    }
    return atEffect ? Saved.State.AT_EFFECT : Saved.State.SUSPENDED;
  }

  void close() {
    while (true) {
      State seen = state;
      if (seen.isOver()) {
        return;
      }
      if (seen == State.BUSY) {
        aborting.set(true);
        // Whoever has claimed it looks after it has released it.
        if (state == State.BUSY) {
          return;
        }
      } else if (STATE.compareAndSet(this, State.RESUMABLE, State.BUSY)) {
        abort();
        return;
      }
    }
  }

  private void abort() {
    aborting.set(true);
    Throwable thrown = null;
    try {
      if (life != null && life.hasBegun()) {
        thrown = life.end();
      }
    } catch (Throwable broken) {
      thrown = broken;
    }
    forget();
    state = State.CLOSED;
    if (!(thrown instanceof ActionAbortedError)) {
      ContinuationExecutionException.throwIfAny(thrown);
    }
  }

  @SuppressWarnings("unchecked")
  static <X extends Throwable> X unchecked(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
