// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.internal.continuation.EntryImage;
import dev.fermata.internal.continuation.Saved;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An iterator whose elements are emitted by straight-line code, from any depth.
 *
 * <pre>{@code
 * Generator<Integer> evens = new Generator<>() {
 *   protected void generate() {
 *     for (int i = 0; ; i += 2) {
 *       emit(i);
 *     }
 *   }
 * };
 * evens.nextElement(); // 0
 * }</pre>
 *
 * <p>The code runs when an element is asked for. A generator is a {@link Continuation} whose entry
 * point it is itself: {@link #copy()} and serialisation take its fields as they were before the
 * first element (or at the last {@link #snapshot()}) and how many elements it has emitted, and a
 * copy emits those again, unseen, when it is asked for its first. One at its end is saved with its
 * fields as they then are. So {@link #generate()} has to be deterministic for that. A subclass that
 * is a nested or anonymous class in a method that is not static takes the object around it along.
 *
 * <p>One thread at a time; what it throws is thrown by whoever asks for the element, the same
 * object. One that is not used to its end may be dropped under {@link
 * dev.fermata.Strategy#CONTINUATION}; under the other strategies it has to be {@linkplain #close
 * closed}, for its thread leads to it.
 *
 * @param <E> type of the elements
 */
public abstract class Generator<E>
    implements Enumeration<E>, Iterator<E>, Iterable<E>, Serializable, AutoCloseable {
  private static final long serialVersionUID = 1L;

  /** {@code null} in one that was read from a stream. */
  private final transient ContinuationOptions options;

  /** {@code null} until it is needed first. */
  private transient Run run;

  private transient SuspendCapability capability;

  /** Whether an element was emitted and not taken. */
  private transient boolean ready;

  /** Whether its fields alone are to be written. */
  private transient boolean bare;

  /**
   * Creates a generator that can be copied and saved.
   *
   * @throws UnsupportedOperationException if there are no continuations on this JVM
   */
  protected Generator() {
    options = ContinuationOptions.defaults();
  }

  /**
   * Creates a generator with options of its own, such as one that records nothing: {@code
   * super(Continuation.builder().live())}.
   *
   * @param options of its continuation
   * @throws UnsupportedOperationException if the strategy does not work on this JVM
   */
  protected Generator(Continuation.Builder options) {
    this.options = options.options();
  }

  /** Emits the elements, by {@link #emit}. Called once. */
  protected abstract void generate();

  /**
   * Emits an element; returns when the next one is asked for. Called by {@link #generate()}, at any
   * depth.
   *
   * @param element may be {@code null}
   * @throws IllegalContinuationStateException as {@link SuspendCapability#suspend()}
   */
  protected final void emit(E element) {
    capability("emit").suspend(element);
  }

  /**
   * Runs an effect once, see {@link SuspendCapability#once}. Called by {@link #generate()}.
   *
   * @param effect must not emit
   * @param <T> type of the result
   * @return what it returned
   */
  protected final <T> T once(Callable<? extends T> effect) {
    return capability("once").once(effect);
  }

  /**
   * Declares that {@link #generate()}, called on this generator with its fields as they are now,
   * goes on from here, see {@link SuspendCapability#snapshot}. Called by {@link #generate()}.
   */
  protected final void snapshot() {
    capability("snapshot").snapshot();
  }

  private SuspendCapability capability(String what) {
    if (capability == null) {
      throw Refusals.outside(what);
    }
    return capability;
  }

  void run(SuspendCapability own) {
    capability = own;
    generate();
  }

  private Run run() {
    if (run == null) {
      run = new Run(options == null ? ContinuationOptions.defaults() : options, this);
    }
    return run;
  }

  /** Runs the code until it emits an element, if none is ready; returns whether there is one. */
  @Override
  public final boolean hasMoreElements() {
    if (!ready && !run().state().isOver()) {
      try {
        ready = run().resume(null);
      } catch (ContinuationExecutionException thrown) {
        throw Run.<RuntimeException>unchecked(thrown.getCause());
      }
    }
    return ready;
  }

  /**
   * Returns the next element.
   *
   * @throws NoSuchElementException if there is none
   */
  @Override
  @SuppressWarnings("unchecked")
  public final E nextElement() {
    if (!hasMoreElements()) {
      throw new NoSuchElementException("The generator has come to its end");
    }
    E element = (E) run().value();
    ready = false;
    return element;
  }

  /** As {@link #hasMoreElements()}. */
  @Override
  public final boolean hasNext() {
    return hasMoreElements();
  }

  /** As {@link #nextElement()}. */
  @Override
  public final E next() {
    return nextElement();
  }

  /** Returns this generator: it is gone through once. */
  @Override
  public final Iterator<E> iterator() {
    return this;
  }

  /**
   * Returns the elements that are left, as a sequential stream.
   *
   * @return closing it closes the generator
   */
  public final Stream<E> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED), false)
        .onClose(this::close);
  }

  /**
   * Returns a generator that goes on where this one stands, independently. It has fields of its
   * own, as this one's were at the beginning or at the last snapshot.
   *
   * @return of the same class
   * @throws IllegalContinuationStateException if this one is running, at its end or closed
   * @throws IllegalStateException if it is live, or cannot be serialised
   */
  public final Generator<E> copy() {
    Run copied = run().copy();
    @SuppressWarnings("unchecked")
    Generator<E> copy = (Generator<E>) copied.source();
    copy.run = copied;
    copy.ready = ready;
    return copy;
  }

  /**
   * Ends the generator: {@code finally} blocks of {@link #generate()} run, see {@link
   * Continuation#close}. Idempotent.
   */
  @Override
  public final void close() {
    ready = false;
    run().close();
  }

  /**
   * Saves the generator in Fermata's own format, see {@link Continuation#writeTo}.
   *
   * @param out is written to, not closed
   * @param format how objects become bytes
   * @throws IOException if writing fails, or an object cannot be serialised or is not allowed
   */
  public final void writeTo(OutputStream out, ContinuationFormat format) throws IOException {
    format.write(save(), out);
  }

  /**
   * Reads a generator that {@link #writeTo} has written.
   *
   * @param in is read no further than the generator goes, and not closed
   * @param format must allow what is in it
   * @param type class of the generator
   * @param <G> type of the generator
   * @return a generator that goes on where it was saved
   * @throws IOException as {@link Continuation#readFrom}
   */
  public static <G extends Generator<?>> G readFrom(
      InputStream in, ContinuationFormat format, Class<G> type) throws IOException {
    return type.cast(restored(format.read(in, type)));
  }

  static Generator<?> restored(Saved saved) throws InvalidObjectException {
    Generator<?> generator = (Generator<?>) saved.entry();
    if (generator == null) {
      throw new InvalidObjectException("A generator was saved without its fields");
    }
    generator.run = new Run(ContinuationOptions.defaults(), saved, null);
    generator.ready = saved.state() == Saved.State.UNTAKEN;
    return generator;
  }

  private Saved save() throws NotSerializableException {
    Saved saved = Refusals.saved(run());
    if (saved.state() == Saved.State.COMPLETED) {
      saved = saved.with(saved.state(), Refusals.made(image()));
    } else if (ready) {
      saved = saved.with(Saved.State.UNTAKEN, saved.entry());
    }
    ((Generator<?>) saved.entry()).bare = true;
    return saved;
  }

  /** An image of its fields. */
  EntryImage image() {
    bare = true;
    try {
      return EntryImage.of(this);
    } finally {
      bare = false;
    }
  }

  /**
   * What is written in its place: a form with its history.
   *
   * @return the form
   * @throws NotSerializableException if its fields cannot be serialised
   */
  protected final Object writeReplace() throws NotSerializableException {
    return bare ? this : new SavedGenerator(save());
  }
}
