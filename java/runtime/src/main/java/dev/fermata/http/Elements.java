// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What is found in the body of a response, one by one, each looked for when it is asked for. */
final class Elements<T> extends AbstractSpliterator<T> {
  private final ResponseStream body;
  private final Source<T> source;

  private Elements(ResponseStream body, Source<T> source) {
    super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
    this.body = body;
    this.source = source;
  }

  /** Reads the body as far as the next element. */
  interface Source<T> {
    /**
     * Returns the next element; waits for it.
     *
     * @return the element, or {@code null} at the end of the body
     * @throws IOException if there is no next one and no end
     */
    T next() throws IOException;
  }

  /**
   * Returns a stream of elements, which throws {@link UncheckedIOException} where its source throws
   * {@link IOException}.
   *
   * @param body closed with the stream, or if there cannot be more elements
   * @param source of the elements
   * @param <T> type of an element
   * @return for one reader
   */
  static <T> Stream<T> of(ResponseStream body, Source<T> source) {
    return StreamSupport.stream(new Elements<>(body, source), false).onClose(body::close);
  }

  @Override
  public boolean tryAdvance(Consumer<? super T> action) {
    T element;
    try {
      element = source.next();
    } catch (IOException failed) {
      body.close();
      throw new UncheckedIOException(failed);
    }
    if (element != null) {
      action.accept(element);
    }
    return element != null;
  }
}
