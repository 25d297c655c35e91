// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how many reviews are done; {@link #step} may be called by any thread. */
interface Progress extends AutoCloseable {
  /** One more is done. */
  void step();

  @Override
  void close();

  /**
   * @param terminal whether people watch: a moving bar then, otherwise a line for each tenth
   */
  static Progress of(int total, boolean terminal, PrintStream out) {
    return terminal ? new Bar(total) : new Lines(total, out);
  }

  /** A bar on the standard error stream. */
  final class Bar implements Progress {
    private final ProgressBar bar;

    private Bar(int total) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("triage")
              .setInitialMax(total)
              .setUnit(" reviews", 1)
              .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
              .showSpeed()
              .setUpdateIntervalMillis(100)
              .build();
    }

    @Override
    public void step() {
      bar.step();
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** Ten lines in all. */
  final class Lines implements Progress {
    private static final int PARTS = 10;

    private final AtomicInteger done = new AtomicInteger();
    private final int total;
    private final PrintStream out;

    private Lines(int total, PrintStream out) {
      this.total = total;
      this.out = out;
    }

    @Override
    public void step() {
      long now = done.incrementAndGet();
      if (now * PARTS / total > (now - 1) * PARTS / total) {
        out.printf(Locale.ROOT, "  %,d of %,d reviews%n", now, total);
      }
    }

    @Override
    public void close() {}
  }
}
