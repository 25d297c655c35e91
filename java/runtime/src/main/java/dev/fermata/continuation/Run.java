// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.ActionAbortedError;
import dev.fermata.internal.continuation.Coroutine;
import dev.fermata.internal.continuation.EntryImage;
import dev.fermata.internal.continuation.History;
import dev.fermata.internal.continuation.Saved;
import dev.fermata.internal.continuation.Step;
import dev.fermata.internal.strategy.Pin;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;

/**
 * What is behind a {@link Continuation} and its {@link SuspendCapability}: the state machine, the
 * journal and the coroutine. It does not know the {@code Continuation} that the user holds, so that
 * a {@code Cleaner} can end the thread of one that was dropped.
 *
 * <p>All fields without a comment belong to whoever has claimed it: the one thread that resumes,
 * copies, saves or closes it, and the body while it runs.
 */
final class Run {
  /** Where a continuation stands. */
  enum State {
    /** New or suspended. */
    RESUMABLE,
    /** Someone has claimed it. */
    BUSY,
    COMPLETED,
    CLOSED
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
  private final SuspendCapability capability = new SuspendCapability(this);

  /** Changed by compare and set, or by whoever has claimed it. */
  private volatile State state = State.RESUMABLE;

  /** Set by {@link #close()} of any thread: each further suspend throws. */
  private volatile boolean aborting;

  /** Entry point or generator; {@code null} until it is made of the image. */
  private Object source;

  /** The source before the history; {@code null} before the first resume, unless it is a copy's. */
  private EntryImage image;

  /** {@code null} before the first resume in this life: then the history is to be replayed. */
  private Coroutine coroutine;

  private final Journal journal;

  /** Whether it was ever suspended, be it in an earlier life. */
  private boolean begun;

  /** Whether it stands before an effect, and so takes no input. */
  private boolean atEffect;

  private boolean effectsHeld;

  /**
   * Has come to an effect that is held. Its frames are being left, for it may hold locks: kept,
   * they would exclude other branches, or be released by another thread, and monitors cannot be
   * kept.
   */
  private boolean unwinding;

  private boolean inEffect;
  private Object value;
  private boolean valueKnown = true;
  private Object input;
  private Throwable failure;

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

  private void release() {
    state = State.RESUMABLE;
    if (aborting) {
      close();
    }
  }

  /** Returns whether it is suspended again. */
  boolean resume(Object given) {
    claim("resumed");
    boolean fresh = coroutine == null;
    checkInput(given);
    prepare();
    History before = fresh ? journal.history() : null;
    if (begun && !atEffect) {
      journal.recordInput(given);
    }
    if (fresh) {
      journal.beginReplay();
    }
    input = journal.isReplaying() ? null : given;
    try {
      return slice();
    } catch (NotStarted notStarted) {
      coroutine = null;
      journal.takeBack(before);
      release();
      throw notStarted.unchecked();
    }
  }

  private void checkInput(Object given) {
    if (given != null && (!begun || atEffect)) {
      release();
      throw new IllegalArgumentException(
          "A continuation that "
              + (begun ? "waits before an effect" : "has not begun")
              + " takes no input, but was given "
              + given);
    }
  }

  /** Makes what is needed to run a slice; releases the claim if it fails. */
  private void prepare() {
    try {
      if (coroutine == null) {
        if (options.isRecorded() && image == null) {
          image = image(source);
        }
        if (source == null) {
          source = image.make();
        }
        coroutine = options.coroutines().create(this::body);
      }
      if (coroutine.endangersCaller()) {
        throw Refusals.ofCaller(coroutine.strategy());
      }
    } catch (Throwable refused) {
      release();
      throw refused;
    }
  }

  private static EntryImage image(Object source) {
    return source instanceof Generator ? ((Generator<?>) source).image() : EntryImage.of(source);
  }

  private boolean slice() throws NotStarted {
    value = null;
    valueKnown = true;
    atEffect = false;
    boolean ended;
    try {
      ended = coroutine.run();
    } catch (OutOfMemoryError | IllegalStateException noThread) {
      throw new NotStarted(noThread);
    }
    if (unwinding) {
      standBeforeEffect();
      return true;
    }
    begun = begun || !ended;
    if (journal.trace() != null && !effectsHeld && !aborting && journal.divergence() == null) {
      check(ended);
    }
    if (ended) {
      return finish();
    }
    release();
    return true;
  }

  /** What has left its frames stands before the effect by its history, as a copy would. */
  private void standBeforeEffect() {
    unwinding = false;
    begun = true;
    source = null;
    coroutine = null;
    failure = null;
    if (journal.trace() != null) {
      journal.trace().clear();
    }
    release();
  }

  /** Lives this life once more, and compares. */
  private void check(boolean ended) {
    Refusals.unlessMade(image, "checked");
    Run twin = new Run(options, new Saved(reached(), null, journal.history()), image);
    twin.effectsHeld = true;
    try {
      twin.journal.beginReplay();
      twin.claim("checked");
      twin.prepare();
      twin.coroutine.run();
      journal.trace().compare(twin.journal.trace());
    } catch (RuntimeException | Error different) {
      if (!ended) {
        abort();
      } else {
        forget();
        state = State.COMPLETED;
      }
      throw different;
    } finally {
      twin.drop();
    }
  }

  /** Ends a twin, which only this run knows; what it thinks of that is no matter. */
  private void drop() {
    aborting = true;
    while (coroutine != null && !coroutine.run()) {}
    forget();
  }

  /** The outermost frame of the body. */
  private void body() {
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
      if (journal.isReplaying() && journal.divergence() == null && !aborting) {
        journal.diverged("the entry point threw " + thrown, thrown);
      }
    }
  }

  private boolean finish() {
    Throwable thrown = failure;
    NonDeterministicContinuationException diverged = journal.divergence();
    boolean aborted = aborting && thrown instanceof ActionAbortedError;
    forget();
    state = aborted ? State.CLOSED : State.COMPLETED;
    if (aborted) {
      throw new IllegalContinuationStateException("The continuation was closed while it ran");
    }
    if (diverged != null) {
      throw diverged;
    }
    ContinuationExecutionException.throwIfAny(thrown);
    return false;
  }

  private void forget() {
    source = null;
    image = null;
    coroutine = null;
    journal.forgetHistory();
    value = null;
    input = null;
    failure = null;
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
        release();
      }
    }
    return value;
  }

  private void reachSuspension() {
    prepare();
    journal.beginReplay();
    boolean suspended;
    try {
      suspended = slice();
    } catch (NotStarted notStarted) {
      coroutine = null;
      release();
      throw notStarted.unchecked();
    } catch (ContinuationExecutionException thrown) {
      throw new NonDeterministicContinuationException(
          0, "it was suspended when it was saved, and now threw", thrown.getCause());
    }
    if (!suspended) {
      throw new NonDeterministicContinuationException(
          0, "it was suspended when it was saved, and now ended", null);
    }
  }

  /** A copy, which shares the history. */
  Run copy() {
    claim("copied");
    try {
      Refusals.unlessRecorded(options, "copied");
      if (image == null) {
        image = image(source);
      }
      Refusals.unlessMade(image, "copied");
      Run copy = new Run(options, new Saved(reached(), null, journal.history()), image);
      copy.value = value;
      copy.valueKnown = valueKnown;
      return copy;
    } finally {
      release();
    }
  }

  /** What is to be saved, with an entry point made for it. */
  Saved save() {
    if (state == State.COMPLETED) {
      return new Saved(Saved.State.COMPLETED, null, History.EMPTY);
    }
    claim("saved");
    try {
      Refusals.unlessRecorded(options, "saved");
      if (image == null) {
        image = image(source);
      }
      Refusals.unlessMade(image, "saved");
      return new Saved(reached(), image.make(), journal.history());
    } finally {
      release();
    }
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
      if (seen == State.COMPLETED || seen == State.CLOSED) {
        return;
      }
      if (seen == State.BUSY) {
        aborting = true;
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
    aborting = true;
    Throwable thrown = null;
    if (coroutine != null) {
      while (!coroutine.run()) {}
      thrown = failure;
    }
    forget();
    state = State.CLOSED;
    if (!(thrown instanceof ActionAbortedError)) {
      ContinuationExecutionException.throwIfAny(thrown);
    }
  }

  // What follows is called by the body.

  Object suspend(Object emitted) {
    enter("suspend");
    if (journal.trace() != null) {
      journal.trace().suspends(emitted);
    }
    if (journal.isReplaying()) {
      return journal.replayedInput();
    }
    value = emitted;
    pause();
    Object given = input;
    input = null;
    return given;
  }

  private void pause() {
    Pin pin = coroutine.suspend(options.isTrusting());
    if (pin != Pin.NONE) {
      value = null;
      IllegalContinuationStateException refusal = Refusals.of(pin, coroutine.strategy());
      journal.record(Step.Kind.REFUSAL, refusal.getMessage());
      throw refusal;
    }
    throwIfAborting();
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
    if (effectsHeld) {
      atEffect = true;
      unwinding = true;
      throwIfAborting();
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

  void snapshot() {
    enter("snapshot");
    if (!journal.isRecorded() || journal.isReplaying()) {
      return;
    }
    EntryImage now = image(source);
    if (now.failure() != null) {
      throw new IllegalStateException(
          "The entry point cannot be serialised: " + now.failure(), now.failure());
    }
    image = now;
    journal.forgetHistory();
  }

  boolean isReplaying() {
    return journal.isReplaying();
  }

  private void enter(String what) {
    Coroutine running = coroutine;
    if (running == null || !running.isCurrent()) {
      throw Refusals.outside(what);
    }
    throwIfAborting();
    if (journal.divergence() != null) {
      throw journal.divergence();
    }
    if (inEffect) {
      throw new IllegalContinuationStateException(
          what + "() was called by the effect of a once(), which is not replayed: call it outside");
    }
  }

  private void throwIfAborting() {
    if (aborting) {
      throw new ActionAbortedError("The continuation is closed");
    }
    if (unwinding) {
      throw new ActionAbortedError(
          "The effect has to wait until a guess is confirmed; a replay goes on from here then");
    }
  }

  @SuppressWarnings("unchecked")
  static <X extends Throwable> X unchecked(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
