// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.examples.triage.Sampler.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a run amounts to. Times are in nanoseconds. Immutable. */
final class Figures {
  /** From this rating on, and below its negative, people were clear about a review. */
  static final double CLEAR_RATING = 1;

  final int reviews;
  final int negative;
  final int failed;
  final int calls;

  /** Calls that were answered from records of a run before, and not made. */
  final int replayed;

  final long wallTime;

  /** The sum of the durations of all calls, which grow when the calls crowd the machine. */
  final long timeInCalls;

  /** Median duration of a call while no other is in flight. */
  final long callAlone;

  /** What the calls take one after another, each as long as a call alone. */
  final long sequentialTime;

  final int mostInFlight;

  /** Threads of this process at the sample with the most calls in flight. */
  final int threadsThen;

  /** Of {@link #threadsThen}, those that calls and waiting actions held. */
  final int heldThen;

  /** Pairs of calls that overlap. */
  final long overlappingPairs;

  /** Of the owner threads, over the whole run. */
  final long ownerCpu;

  /**
   * Time in which calls were in flight and none began or ended, from the second sample of such a
   * stretch on: until then the owners may still be busy with what was before.
   */
  final long waitingTime;

  /** Of the owner threads, during {@link #waitingTime}. */
  final long waitingCpu;

  /** Most threads of this process at a time. */
  final int mostThreads;

  final int checkpoints;

  final Agreement agreement;
  final Agreement clearAgreement;

  private final long[] durations;

  /**
   * @param callsAlone calls of the same kind that were made one after another, at least one
   */
  Figures(TriageRun run, List<ModelCall> callsAlone) {
    List<TriagedReview> results = run.results;
    List<ModelCall> calls = run.calls;
    List<Sample> samples = run.samples;
    this.reviews = results.size();
    this.failed = (int) results.stream().filter(result -> result.failure().isPresent()).count();
    this.negative = (int) results.stream().filter(result -> result.reply().isPresent()).count();
    this.calls = calls.size();
    this.replayed = run.replayed;
    this.wallTime = run.end - run.start;
    this.mostThreads = run.mostThreads;
    this.checkpoints = run.checkpoints.size();
    this.durations = sortedDurations(calls);
    this.timeInCalls = Arrays.stream(durations).sum();
    this.callAlone = atRank(sortedDurations(callsAlone), 0.5);
    this.sequentialTime = callAlone * calls.size();
    this.agreement = new Agreement(results, Double.MIN_VALUE);
    this.clearAgreement = new Agreement(results, CLEAR_RATING);

    long[] starts = calls.stream().mapToLong(ModelCall::start).toArray();
    long[] ends = calls.stream().mapToLong(ModelCall::end).sorted().toArray();
    int ended = 0;
    int most = 0;
    long pairs = 0;
    for (int began = 0; began < starts.length; began++) {
      while (ended < began && ends[ended] <= starts[began]) {
        ended++;
      }
      int earlierInFlight = began - ended;
      pairs += earlierInFlight;
      most = Math.max(most, earlierInFlight + 1);
    }
    this.mostInFlight = most;
    this.overlappingPairs = pairs;

    long time = 0;
    long cpu = 0;
    int begun = 0;
    int over = 0;
    boolean settled = false;
    int mostSeen = 0;
    Sample busiest = samples.get(0);
    for (int i = 0; i < samples.size(); i++) {
      Sample sample = samples.get(i);
      int begunBefore = begun;
      int overBefore = over;
      while (begun < starts.length && starts[begun] <= sample.time) {
        begun++;
      }
      while (over < ends.length && ends[over] <= sample.time) {
        over++;
      }
      if (begun - over > mostSeen) {
        mostSeen = begun - over;
        busiest = sample;
      }
      boolean quiet = begun == begunBefore && over == overBefore && begun > over;
      if (quiet && settled) {
        time += sample.time - samples.get(i - 1).time;
        cpu += sample.cpu - samples.get(i - 1).cpu;
      }
      settled = quiet;
    }
    this.threadsThen = busiest.threads;
    this.heldThen = busiest.held;
    this.waitingTime = time;
    this.waitingCpu = cpu;
    this.ownerCpu = samples.get(samples.size() - 1).cpu - samples.get(0).cpu;
  }

  /**
   * The duration that the given share of the calls did not exceed, by nearest rank; 0 if there was
   * no call.
   *
   * @param share above 0, at most 1
   */
  long duration(double share) {
    return atRank(durations, share);
  }

  private static long[] sortedDurations(List<ModelCall> calls) {
    return calls.stream().mapToLong(ModelCall::duration).sorted().toArray();
  }

  private static long atRank(long[] sorted, double share) {
    return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1];
  }

  double speedUp() {
    return (double) sequentialTime / wallTime;
  }

  /** How often judgement and people agree on the sign, among reviews rated clearly enough. */
  static final class Agreement {
    final int rated;
    final int agreed;
    final int ratedPositive;

    private Agreement(List<TriagedReview> results, double atLeast) {
      List<TriagedReview> rated = new ArrayList<>();
      for (TriagedReview result : results) {
        boolean clear = Math.abs(result.review().rating().orElse(0)) >= atLeast;
        if (clear && result.judgement().isPresent()) {
          rated.add(result);
        }
      }
      this.rated = rated.size();
      this.ratedPositive = (int) rated.stream().filter(Agreement::isRatedPositive).count();
      this.agreed =
          (int)
              rated.stream()
                  .filter(r -> r.judgement().get().positive() == isRatedPositive(r))
                  .count();
    }

    private static boolean isRatedPositive(TriagedReview result) {
      return result.review().rating().getAsDouble() > 0;
    }

    /** Share of agreement; NaN if nothing was rated. */
    double share() {
      return (double) agreed / rated;
    }

    /** What always answering as most people did would reach; NaN if nothing was rated. */
    double majorityShare() {
      return (double) Math.max(ratedPositive, rated - ratedPositive) / rated;
    }
  }
}
