// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.examples.triage.Sampler.Sample;
import java.util.List;

/** What one engine did, and when. Times are {@link System#nanoTime()}. Immutable. */
final class TriageRun {
  /** In the order of the reviews. */
  final List<TriagedReview> results;

  final long start;
  final long end;

  /** In the order in which they began. */
  final List<ModelCall> calls;

  /** Calls that were answered from records of a run before, and not made. */
  final int replayed;

  /** Oldest first. */
  final List<Checkpoint> checkpoints;

  /** Oldest first, at least one. */
  final List<Sample> samples;

  /** Most threads of this process at a time, whatever they are for. */
  final int mostThreads;

  TriageRun(
      List<TriagedReview> results,
      long start,
      long end,
      List<ModelCall> calls,
      int replayed,
      List<Checkpoint> checkpoints,
      List<Sample> samples,
      int mostThreads) {
    this.results = results;
    this.start = start;
    this.end = end;
    this.calls = calls;
    this.replayed = replayed;
    this.checkpoints = checkpoints;
    this.samples = samples;
    this.mostThreads = mostThreads;
  }

  /** A checkpoint that was completed. Immutable. */
  static final class Checkpoint {
    final long start;
    final long end;
    final long bytes;

    Checkpoint(long start, long end, long bytes) {
      this.start = start;
      this.end = end;
      this.bytes = bytes;
    }
  }
}
