// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.ListIterator;
import java.util.Queue;

/**
 * In which order finished elements leave, and where watermarks and their like stand between them.
 *
 * <p>A queue of segments, each with elements that may leave in any order and perhaps a barrier
 * behind them. Only of the first segment anything leaves. In ordered mode each element has a
 * segment of its own. Used on the task's side alone.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 */
final class OutputOrder<K, IN> {
  /** What must not overtake the elements before it. */
  interface Barrier<K, IN> {
    /**
     * Is called once all elements before it have left.
     *
     * @return elements that come into being thereby and go before it
     */
    default List<InFlight<K, IN>> reach() throws Exception {
      return List.of();
    }

    /** Is called once those have left too. */
    void pass() throws Exception;
  }

  /** Sends the output of an element. */
  interface Exit<K, IN> {
    void leave(InFlight<K, IN> element) throws Exception;
  }

  /** Elements between two barriers. */
  static final class Segment<K, IN> {
    private final Queue<InFlight<K, IN>> finished = new ArrayDeque<>();
    private int open;
    private Barrier<K, IN> barrier;
    private boolean reached;

    private void add(InFlight<K, IN> element) {
      element.segment = this;
      open++;
    }
  }

  private final boolean ordered;
  private final Exit<K, IN> exit;
  private final Deque<Segment<K, IN>> segments = new ArrayDeque<>();
  private boolean advancing;

  OutputOrder(boolean ordered, Exit<K, IN> exit) {
    this.ordered = ordered;
    this.exit = exit;
  }

  boolean isEmpty() {
    return segments.isEmpty();
  }

  /** Adds an element at the end. */
  void add(InFlight<K, IN> element) {
    Segment<K, IN> last = segments.peekLast();
    if (last == null || last.barrier != null || ordered) {
      last = new Segment<>();
      segments.add(last);
    }
    last.add(element);
  }

  /** Adds a barrier at the end. */
  void add(Barrier<K, IN> barrier) throws Exception {
    Segment<K, IN> last = segments.peekLast();
    if (last == null || last.barrier != null) {
      last = new Segment<>();
      segments.add(last);
    }
    last.barrier = barrier;
    advance();
  }

  /** Lets leave what can, now that this element is done. */
  void finish(InFlight<K, IN> element) throws Exception {
    element.segment.open--;
    element.segment.finished.add(element);
    advance();
  }

  private void advance() throws Exception {
    // A barrier or an exit may lead here again: the outer loop sees what the inner one added.
    if (advancing) {
      return;
    }
    advancing = true;
    try {
      while (!segments.isEmpty() && advance(segments.element())) {}
    } finally {
      advancing = false;
    }
  }

  /** Works on the first segment; returns whether to look at the first one again. */
  private boolean advance(Segment<K, IN> first) throws Exception {
    InFlight<K, IN> element;
    while ((element = first.finished.poll()) != null) {
      exit.leave(element);
    }
    if (first.open > 0) {
      return false;
    }
    if (first.barrier != null && !first.reached) {
      first.reached = true;
      addFirst(first.barrier.reach());
      return true;
    }
    segments.remove();
    if (first.barrier != null) {
      first.barrier.pass();
    }
    return true;
  }

  private void addFirst(List<InFlight<K, IN>> elements) {
    Segment<K, IN> shared = new Segment<>();
    ListIterator<InFlight<K, IN>> backwards = elements.listIterator(elements.size());
    while (backwards.hasPrevious()) {
      Segment<K, IN> segment = ordered ? new Segment<>() : shared;
      segment.add(backwards.previous());
      if (ordered || segment.open == 1) {
        segments.addFirst(segment);
      }
    }
  }
}
