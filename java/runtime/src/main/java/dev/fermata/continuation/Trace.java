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
import java.util.List;

/** What a checked continuation did, and what it was given, since its beginning or last snapshot. */
final class Trace {
  private final List<String> done = new ArrayList<>();
  private final List<Step> given = new ArrayList<>();
  private final List<String> givenThen = new ArrayList<>();

  void suspends(Object emitted) {
    done.add("suspends" + Refusals.site() + ", handing out " + print(emitted));
  }

  void callsOnce() {
    done.add("calls once" + Refusals.site());
  }

  void isGiven(Step step) {
    given.add(step);
    givenThen.add(print(step.value()));
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
      String first = i < done.size() ? done.get(i) : "does no more";
      String second = i < replayed.done.size() ? replayed.done.get(i) : "does no more";
      if (!first.equals(second)) {
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
        || value instanceof Boolean) {
      return String.valueOf(value);
    }
    String type = value.getClass().getName();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException | RuntimeException notSerialisable) {
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
}
