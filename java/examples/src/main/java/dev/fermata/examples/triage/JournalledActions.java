// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fermata.ActionLoop;
import dev.fermata.durable.DurableActions;
import dev.fermata.durable.DurableContext;
import dev.fermata.durable.DurableOptions;
import dev.fermata.durable.NonDeterministicActionException;
import dev.fermata.journal.Journal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Actions whose calls are in a journal: a run that begins after one that was killed is given the
 * answers that one had got. They are forgotten when all reviews are triaged, not before: until then
 * nobody has the results. Owns the journal until it is closed.
 */
final class JournalledActions implements LoopActions {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Journal journal;
  private final DurableActions actions;

  /**
   * @param folder of the journal, made if it is not there
   * @throws dev.fermata.FermataException if it cannot be opened
   */
  JournalledActions(Path folder) {
    this.folder = folder;
    journal = Journal.open(folder);
    actions =
        DurableActions.over(
            journal,
            DurableOptions.builder().forgetOnReturn(false).rebuild(ModelException.class).build());
  }

  @Override
  public CompletableFuture<TriagedReview> start(
      ActionLoop loop, Review review, Function<TriageScope, TriagedReview> triage) {
    return actions
        .start(
            loop, id(review), review.text(), context -> triage.apply(new JournalledScope(context)))
        .exceptionally(
            failure -> {
              Throwable cause =
                  failure instanceof CompletionException ? failure.getCause() : failure;
              throw new CompletionException(
                  cause instanceof NonDeterministicActionException ? ofOthers(cause) : cause);
            });
  }

  private InputException ofOthers(Throwable cause) {
    return new InputException(
        "the journal in "
            + folder
            + " is of a run with other reviews, which has not ended: "
            + cause.getMessage()
            + "; give that run's INPUT, or another JOURNAL");
  }

  @Override
  public void finished(List<Review> reviews) {
    actions.forget(
        reviews.stream().map(JournalledActions::id).collect(Collectors.toUnmodifiableSet()));
  }

  @Override
  public void close() {
    journal.close();
  }

  private static String id(Review review) {
    return "review-" + review.index();
  }

  private static final class JournalledScope implements TriageScope {
    private final DurableContext context;

    private JournalledScope(DurableContext context) {
      this.context = context;
    }

    @Override
    public <T> Answer<T> call(
        String name, Class<T> type, Supplier<CompletableFuture<Answer<T>>> call) {
      try {
        return context
            .await(
                context.callStage(
                    name, RecordedAnswer.class, () -> call.get().thenApply(RecordedAnswer::new)))
            .answer(type);
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException("a call of a model ended in no way it can", e);
      }
    }

    @Override
    public void sleep(Duration duration) {
      context.sleep(duration);
    }
  }

  /** An {@link Answer} as JSON. */
  static final class RecordedAnswer {
    /** Null if there is a value. */
    public Long pauseMillis;

    /** Null if the model is busy. */
    public JsonNode value;

    /** For Jackson. */
    RecordedAnswer() {}

    private RecordedAnswer(Answer<?> answer) {
      pauseMillis = answer.pause().map(Duration::toMillis).orElse(null);
      value = JSON.valueToTree(answer.value());
    }

    private <T> Answer<T> answer(Class<T> type) {
      return pauseMillis == null
          ? Answer.of(JSON.convertValue(value, type))
          : Answer.busy(Duration.ofMillis(pauseMillis));
    }
  }
}
