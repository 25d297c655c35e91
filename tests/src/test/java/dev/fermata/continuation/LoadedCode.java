// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.continuation.Coroutines;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.lang.reflect.Field;
import java.util.List;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** What is done with continuations and generators in a class loader of its own. */
public final class LoadedCode {
  private LoadedCode() {}

  /** All that could leave something behind; the argument names a strategy. */
  public static void use(String strategyName) {
    Strategy strategy = Strategy.valueOf(strategyName);
    Continuation ended = continuation(strategy);
    check(ended.resume());
    check(ended.resume());
    check(!ended.resume());
    Continuation closed = continuation(strategy);
    check(closed.resume());
    saveAndRead(closed);
    try (Continuation copy = closed.copy()) {
      check(copy.resume());
    }
    closed.close();
    Continuation dropped = continuation(strategy);
    check(dropped.resume());

    check(new Twice(strategy).stream().collect(Collectors.toList()).equals(List.of(1, 2)));
    try (Twice begun = new Twice(strategy)) {
      check(begun.next() == 1);
    }
    if (strategy == Strategy.CONTINUATION) {
      // With a thread of its own it would have to be closed.
      check(new Twice(strategy).next() == 1);
    }
  }

  /** Lets carriers end now that would in a minute. */
  public static void endIdleCarriers() throws ReflectiveOperationException {
    Object strategy = valueOf("shared", Coroutines.by(Strategy.HANDOFF));
    ((ThreadPoolExecutor) valueOf("carriers", strategy)).setKeepAliveTime(1, TimeUnit.MILLISECONDS);
  }

  private static Object valueOf(String field, Object object) throws ReflectiveOperationException {
    Field found = object.getClass().getDeclaredField(field);
    found.setAccessible(true);
    return found.get(object);
  }

  private static Continuation continuation(Strategy strategy) {
    return Continuation.builder()
        .strategy(strategy)
        .build(
            self -> {
              self.suspend();
              self.suspend();
            });
  }

  private static void saveAndRead(Continuation continuation) {
    ContinuationFormat format = ContinuationFormat.allowing(LoadedCode.class);
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    try {
      continuation.writeTo(saved, format);
      Continuation.readFrom(new ByteArrayInputStream(saved.toByteArray()), format).close();
      new ObjectOutputStream(saved).writeObject(continuation);
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError();
    }
  }

  private static final class Twice extends Generator<Integer> {
    private static final long serialVersionUID = 1L;

    Twice(Strategy strategy) {
      super(Continuation.builder().strategy(strategy));
    }

    @Override
    protected void generate() {
      emit(1);
      emit(2);
    }
  }
}
