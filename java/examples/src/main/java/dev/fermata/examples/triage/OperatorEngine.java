// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.flink.DurableOptions;
import dev.fermata.flink.Fermata;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;

/** {@link TriageFunction} in Fermata's operator, whose two subtasks share the reviews. */
final class OperatorEngine extends FlinkEngine {
  private static final int SUBTASKS = 2;

  private final Endpoint endpoint;
  private final NearestPrototype judge;
  private final int inFlight;

  /**
   * @param inFlight most reviews under way at once
   */
  OperatorEngine(Endpoint endpoint, NearestPrototype judge, int inFlight) {
    super(Math.min(SUBTASKS, inFlight));
    this.endpoint = endpoint;
    this.judge = judge;
    this.inFlight = inFlight;
  }

  @Override
  public Strategy strategy() throws InputException {
    return Engine.strategy(OwnerKind.MAILBOX);
  }

  @Override
  public String reason() {
    return FermataInfo.current().reason(OwnerKind.MAILBOX);
  }

  @Override
  DataStream<TriagedReview> triage(DataStream<Review> reviews, RunWatch watch) {
    int each = inFlight / owners().size();
    return Fermata.process(
        reviews.keyBy(Review::id, Types.STRING),
        new TriageFunction(endpoint, judge, watch),
        Types.GENERIC(TriagedReview.class),
        DurableOptions.<Review>create().capacity(each));
  }
}
