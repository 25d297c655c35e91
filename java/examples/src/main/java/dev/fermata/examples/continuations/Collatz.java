// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.ContinuationEntryPoint;
import dev.fermata.continuation.ContinuationFormat;
import dev.fermata.continuation.SuspendCapability;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A long computation that moves to another JVM in the middle, of another Java if need be: which
 * number below a limit takes the most steps to 1, if it is halved when even, and else tripled plus
 * 1?
 *
 * <pre>
 * Collatz begin FILE LIMIT    does the first half and writes the computation into the file
 * Collatz finish FILE         does the rest
 * </pre>
 *
 * <p>It takes a snapshot where it can be moved: its fields are the whole state there, and nothing
 * is computed again.
 */
public final class Collatz implements ContinuationEntryPoint {
  private static final long serialVersionUID = 1L;

  /** Numbers between two places where it can be moved. */
  private static final int STRETCH = 1000;

  private final int limit;
  private int next = 1;
  private int best = 1;
  private int mostSteps;

  /** Looks at the numbers below a limit. */
  public Collatz(int limit) {
    this.limit = limit;
  }

  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[1]);
    if (args[0].equals("begin")) {
      begin(file, Integer.parseInt(args[2]));
    } else {
      finish(file);
    }
  }

  private static void begin(Path file, int limit) throws IOException {
    try (Continuation computation = new Continuation(new Collatz(limit));
        OutputStream out = Files.newOutputStream(file)) {
      for (int stretch = limit / STRETCH / 2; stretch > 0; stretch--) {
        computation.resume();
      }
      computation.writeTo(out, format());
      print(computation.value());
    }
  }

  private static void finish(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        Continuation computation = Continuation.readFrom(in, format())) {
      Object found = null;
      while (computation.resume()) {
        found = computation.value();
      }
      print(found);
    }
  }

  private static ContinuationFormat format() {
    return ContinuationFormat.allowing(Collatz.class);
  }

  private static void print(Object found) {
    System.out.println("Java " + Runtime.version().feature() + ": " + found);
  }

  @Override
  public void start(SuspendCapability capability) {
    while (next < limit) {
      for (int end = Math.min(limit, next + STRETCH); next < end; next++) {
        int steps = stepsToOne(next);
        if (steps > mostSteps) {
          best = next;
          mostSteps = steps;
        }
      }
      capability.snapshot();
      capability.suspend(best + " takes " + mostSteps + " steps, of those below " + next);
    }
  }

  private static int stepsToOne(int number) {
    int steps = 0;
    for (long n = number; n != 1; steps++) {
      n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    }
    return steps;
  }
}
