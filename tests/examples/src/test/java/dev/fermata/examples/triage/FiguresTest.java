// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fermata.examples.triage.ModelCall.Kind;
import dev.fermata.examples.triage.NearestPrototype.Judgement;
import dev.fermata.examples.triage.Sampler.Sample;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FiguresTest {
  private static final List<Sample> NO_CPU = List.of(new Sample(0, 0, 0, 0));

  @Test
  void countsCallsThatMerelyFollowEachOtherAsApart() {
    Figures figures = figures(List.of(call(0, 10), call(10, 20), call(20, 30)), NO_CPU);

    assertThat(figures.overlappingPairs).isZero();
    assertThat(figures.mostInFlight).isOne();
  }

  @Test
  void countsEveryPairThatOverlaps() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      List<ModelCall> calls =
          Stream.generate(() -> random.nextInt(40))
              .limit(random.nextInt(20))
              .map(start -> call(start, start + 1 + random.nextInt(15)))
              .sorted(Comparator.comparingLong(ModelCall::start))
              .collect(toList());
      long pairs = 0;
      long most = 0;
      for (ModelCall a : calls) {
        pairs +=
            calls.stream()
                .filter(b -> a != b && a.start() < b.end() && b.start() < a.end())
                .count();
        most =
            Math.max(
                most,
                calls.stream().filter(b -> b.start() <= a.start() && a.start() < b.end()).count());
      }

      Figures figures = figures(calls, NO_CPU);

      assertThat(figures.overlappingPairs).isEqualTo(pairs / 2);
      assertThat(figures.mostInFlight).isEqualTo((int) most);
    }
  }

  @Test
  void comparesWithAsManyCallsAlone() {
    List<ModelCall> alone = List.of(call(0, 30), call(30, 40), call(40, 60));
    List<ModelCall> calls = List.of(call(100, 140), call(100, 150));
    Figures figures = new Figures(run(List.of(), 100, 150, calls, NO_CPU), alone);

    assertThat(figures.wallTime).isEqualTo(50);
    assertThat(figures.timeInCalls).isEqualTo(90);
    assertThat(figures.sequentialTime).isEqualTo(2 * 20);
    assertThat(figures.speedUp()).isEqualTo(0.8);
  }

  @Test
  void ranksDurations() {
    List<ModelCall> calls =
        Stream.iterate(1, i -> i + 1).limit(100).map(i -> call(i, 2 * i)).collect(toList());
    Figures figures = figures(calls, NO_CPU);

    assertThat(figures.duration(0.5)).isEqualTo(50);
    assertThat(figures.duration(0.95)).isEqualTo(95);
    assertThat(figures.duration(1)).isEqualTo(100);
    assertThat(figures(List.of(), NO_CPU).duration(0.5)).isZero();
  }

  @Test
  void takesForWaitingOnlyStretchesWithCallsInFlightAndNoEvent() {
    List<Sample> samples =
        List.of(
            new Sample(0, 1000, 0, 0),
            new Sample(10, 1100, 0, 0), // nothing in flight yet
            new Sample(20, 1200, 0, 0), // a call began
            new Sample(30, 1250, 0, 0), // quiet, but perhaps still busy with the call's beginning
            new Sample(40, 1253, 0, 0), // waiting
            new Sample(50, 1257, 0, 0), // waiting
            new Sample(60, 1300, 0, 0), // the call ended
            new Sample(70, 1400, 0, 0)); // nothing in flight any more
    Figures figures = figures(List.of(call(15, 55)), samples);

    assertThat(figures.waitingTime).isEqualTo(20);
    assertThat(figures.waitingCpu).isEqualTo(7);
    assertThat(figures.ownerCpu).isEqualTo(400);
  }

  @Test
  void countsThreadsWhereMostCallsWereSeenInFlight() {
    List<Sample> samples =
        List.of(
            new Sample(0, 0, 20, 0),
            new Sample(10, 0, 21, 1), // one call
            new Sample(20, 0, 22, 2), // two
            new Sample(30, 0, 23, 1), // one
            new Sample(40, 0, 29, 0)); // none
    Figures figures = figures(List.of(call(5, 35), call(15, 25)), samples);

    assertThat(figures.threadsThen).isEqualTo(22);
    assertThat(figures.heldThen).isEqualTo(2);
  }

  @Test
  void measuresAgreementBySignAmongRatedReviews() {
    List<TriagedReview> results =
        List.of(
            judged(2.0, 0.3), // agreed, clear
            judged(0.5, 0.1), // agreed
            judged(-3.0, 0.1), // not agreed, clear
            judged(0.0, 0.1), // people were undecided
            judged(null, -0.2), // not rated
            TriagedReview.failed(new Review(0, "f", 1.0, "x"), new ModelException("no answer")));
    Figures figures = new Figures(run(results, 0, 1, List.of(), NO_CPU), List.of(call(0, 1)));

    assertThat(figures.failed).isOne();
    assertThat(figures.agreement.rated).isEqualTo(3);
    assertThat(figures.agreement.share()).isEqualTo(2 / 3.0, within(1e-9));
    assertThat(figures.agreement.majorityShare()).isEqualTo(2 / 3.0, within(1e-9));
    assertThat(figures.clearAgreement.rated).isEqualTo(2);
    assertThat(figures.clearAgreement.share()).isEqualTo(0.5);
  }

  private static Figures figures(List<ModelCall> calls, List<Sample> samples) {
    return new Figures(run(List.of(), 0, 100, calls, samples), List.of(call(0, 10)));
  }

  private static TriageRun run(
      List<TriagedReview> results,
      long start,
      long end,
      List<ModelCall> calls,
      List<Sample> samples) {
    return new TriageRun(results, start, end, calls, 0, List.of(), samples, 1);
  }

  private static ModelCall call(long start, long end) {
    return new ModelCall(Kind.EMBED, 0, 0, start, end);
  }

  private static TriagedReview judged(Double rating, double margin) {
    return TriagedReview.judged(new Review(0, "r", rating, "x"), new Judgement(0, margin));
  }
}
