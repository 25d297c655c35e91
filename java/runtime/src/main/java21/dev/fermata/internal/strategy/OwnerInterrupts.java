// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps interrupts of one owner from being lost while it runs virtual threads: mounting and
 * unmounting one clears the interrupt status of the thread below.
 *
 * <p>{@link Thread#interrupt()} tells the blocker that {@link AbstractSelector#begin()} installed,
 * by {@link #wakeup()} on the interrupting thread; being told is all that this selector does. The
 * blocker stays between slices: were it removed with each ({@code end()}), an interrupt that has
 * set the status, which the unmount then clears, and not yet asked for the blocker would be lost.
 *
 * <p>The owner calls {@link #beginSlice()} and {@link #endSlice()}, any thread the rest.
 */
final class OwnerInterrupts extends AbstractSelector {
  private enum State {
    OUTSIDE,
    IN_SLICE,
    INTERRUPTED
  }

  private final Thread owner;
  private final AtomicReference<State> state = new AtomicReference<>(State.OUTSIDE);
  private volatile Object blocker;

  OwnerInterrupts(Thread owner) {
    super(null);
    this.owner = owner;
  }

  Thread owner() {
    return owner;
  }

  void beginSlice() {
    state.set(State.IN_SLICE);
    begin();
    blocker = JdkVirtualThread.blocker(owner);
  }

  void endSlice() {
    if (state.getAndSet(State.OUTSIDE) == State.INTERRUPTED) {
      owner.interrupt();
    }
  }

  /**
   * Takes the blocker off the owner, which would else keep our class loader from being collected.
   * Does nothing during a slice.
   */
  void release() {
    if (state.get() == State.OUTSIDE) {
      JdkVirtualThread.removeBlocker(owner, blocker);
    }
  }

  @Override
  public Selector wakeup() {
    State seen = state.get();
    while (seen == State.IN_SLICE && !state.compareAndSet(State.IN_SLICE, State.INTERRUPTED)) {
      seen = state.get();
    }
    if (seen == State.OUTSIDE && !owner.isInterrupted()) {
      // The slice ended between the setting of the status and this call, and cleared it. Should the
      // next one have begun meanwhile, then this tells it.
      owner.interrupt();
    }
    return this;
  }

  @Override
  protected void implCloseSelector() {}

  @Override
  protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<SelectionKey> keys() {
    return Set.of();
  }

  @Override
  public Set<SelectionKey> selectedKeys() {
    return Set.of();
  }

  @Override
  public int selectNow() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int select(long timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int select() {
    throw new UnsupportedOperationException();
  }
}
