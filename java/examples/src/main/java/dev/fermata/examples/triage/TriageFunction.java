// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.flink.CallFailedException;
import dev.fermata.flink.DurableContext;
import dev.fermata.flink.DurableFunction;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.flink.api.common.functions.AbstractRichFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;

/** The triage as a function of a Flink job: a call that is done is in the next checkpoint. */
final class TriageFunction extends AbstractRichFunction
    implements DurableFunction<String, Review, TriagedReview> {
  private static final long serialVersionUID = 1L;

  private final Endpoint endpoint;
  private final NearestPrototype judge;
  private final RunWatch watch;
  private transient ModelClient model;
  private transient Triage triage;

  TriageFunction(Endpoint endpoint, NearestPrototype judge, RunWatch watch) {
    this.endpoint = endpoint;
    this.judge = judge;
    this.watch = watch;
  }

  @Override
  public void open(OpenContext context) {
    int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    CallLog calls = watch.owner(subtask, Thread.currentThread());
    model = new ModelClient(endpoint);
    triage = new Triage(model, judge, calls);
  }

  @Override
  public void close() {
    if (model != null) {
      model.close();
    }
  }

  @Override
  public void process(Review review, DurableContext<String> context, Collector<TriagedReview> out) {
    out.collect(triage.triage(new DurableScope(context), review));
    watch.reviewDone();
  }

  private static final class DurableScope implements TriageScope {
    private final DurableContext<?> context;

    private DurableScope(DurableContext<?> context) {
      this.context = context;
    }

    @Override
    public <T> Answer<T> call(
        String name, Class<T> type, Supplier<CompletableFuture<Answer<T>>> call) {
      TypeInformation<Either<Long, T>> recordType =
          Types.EITHER(Types.LONG, TypeInformation.of(type));
      try {
        return answer(
            context.callAsync(
                name, recordType, () -> call.get().thenApply(DurableScope::recorded)));
      } catch (CallFailedException e) {
        throw new ModelException(
            e.failureMessage() == null ? e.failureType() : e.failureMessage(), e);
      }
    }

    @Override
    public void sleep(Duration duration) {
      context.sleep(duration);
    }

    /** The pause in milliseconds, or the value. */
    private static <T> Either<Long, T> recorded(Answer<T> answer) {
      return answer.pause().isPresent()
          ? Either.Left(answer.pause().get().toMillis())
          : Either.Right(answer.value());
    }

    private static <T> Answer<T> answer(Either<Long, T> recorded) {
      return recorded.isLeft()
          ? Answer.busy(Duration.ofMillis(recorded.left()))
          : Answer.of(recorded.right());
    }
  }
}
