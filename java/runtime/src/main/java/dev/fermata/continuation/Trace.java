// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.internal.continuation.Step;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a checked continuation did, and what it was given, since its beginning or last snapshot. */
final class Trace {
  private static final Act NO_MORE = new Act("does no more", null, "");

  private final List<Act> done = new ArrayList<>();
  private final List<Step> given = new ArrayList<>();
  private final List<String> givenThen = new ArrayList<>();

  void suspends(Object emitted) {
    done.add(new Act("suspends" + Refusals.site() + ", handing out ", emitted, print(emitted)));
  }

  void callsOnce() {
    done.add(new Act("calls once" + Refusals.site(), null, ""));
  }

  void isGiven(Step step) {
    given.add(step);
    givenThen.add(print(step.value()));
  }

  /** Forgets what was given after so many steps. */
  void takeBack(long steps) {
    while (!given.isEmpty() && given.get(given.size() - 1).position() > steps) {
      given.remove(given.size() - 1);
      givenThen.remove(givenThen.size() - 1);
    }
  }

  /** What was done was done by a replay that failed. */
  void forgetDone() {
    done.clear();
  }

  void clear() {
    done.clear();
    given.clear();
    givenThen.clear();
  }

  /** Throws if a replay, or what was given, is not as it was. */
  void compare(Trace replayed) {
    for (int i = 0; i < given.size(); i++) {
      String now = print(given.get(i).value());
      if (!now.equals(givenThen.get(i))) {
        throw new NonDeterministicContinuationException(
            given.get(i).position(),
            "what the continuation was given was changed afterwards: it was "
                + givenThen.get(i)
                + " and is "
                + now,
            null);
      }
    }
    for (int i = 0; i < Math.max(done.size(), replayed.done.size()); i++) {
      Act first = i < done.size() ? done.get(i) : NO_MORE;
      Act second = i < replayed.done.size() ? replayed.done.get(i) : NO_MORE;
      if (!first.isLike(second)) {
        throw new NonDeterministicContinuationException(
            i + 1, "at first it " + first + ", and replayed it " + second, null);
      }
    }
  }

  /** Tells values apart, and what has changed from what has not. */
  private static String print(Object value) {
    if (value == null
        || value instanceof Number
        || value instanceof String
        || value instanceof Boolean
        || value instanceof Throwable) {
      return String.valueOf(value);
    }
    String type = value.getClass().getName();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new Values(bytes)) {
      out.writeObject(value);
    } catch (IOException | RuntimeException | StackOverflowError notSerialisable) {
      return "a " + type;
    }
    return "a " + type + " with digest " + digest(bytes.toByteArray());
  }

  private static String digest(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return new BigInteger(1, digest).toString(16).substring(0, 16);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("Every JDK has SHA-256", missing);
    }
  }

  /** One thing that was done. */
  private static final class Act {
    private final String what;
    private final Object value;
    private final String valueThen;

    Act(String what, Object value, String valueThen) {
      this.what = what;
      this.value = value;
      this.valueThen = valueThen;
    }

    /** Values that are equal may still be printed differently: they share other objects. */
    boolean isLike(Act other) {
      return what.equals(other.what)
          && (valueThen.equals(other.valueThen) || Objects.deepEquals(value, other.value));
    }

    @Override
    public String toString() {
      return what + valueThen;
    }
  }

  /**
   * Writes equal values as equal bytes, whether or not they are the same objects, and exceptions
   * without what frames they came through. Never read.
   */
  private static final class Values extends ObjectOutputStream {
    private final Map<Object, Object> first = new HashMap<>();

    Values(ByteArrayOutputStream bytes) throws IOException {
      super(bytes);
      enableReplaceObject(true);
    }

    @Override
    protected Object replaceObject(Object value) {
      if (value instanceof Throwable) {
        return replaceObject(value.toString());
      }
      boolean isPlain =
          value instanceof String
              || value instanceof Number
              || value instanceof Boolean
              || value instanceof Character;
      return isPlain ? first.computeIfAbsent(value, same -> same) : value;
    }
  }
}
