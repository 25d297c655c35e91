// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Surroundings;
import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What happens on the owner thread of a loop between two actions, and before the first. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopOwnerTest {
  private static final AtomicInteger NAMES = new AtomicInteger();

  @Parameter Setup setup;
  private final CountDownLatch gate = new CountDownLatch(1);
  private ActionLoop loop;

  private void open(UnaryOperator<ActionLoop.Builder> options) {
    loop =
        setup.build(options.apply(ActionLoop.builder().name("owner-" + NAMES.incrementAndGet())));
  }

  @AfterEach
  void close() {
    gate.countDown();
    loop.close();
  }

  @Test
  void anInterruptThatAnActionLeavesDoesNotStrikeTheNext() throws Exception {
    open(builder -> builder);
    CompletableFuture<Void> first =
        loop.submit(
            scope -> {
              Waiting.await(gate);
              Thread.currentThread().interrupt();
              return null;
            });
    CompletableFuture<Boolean> next = loop.submit(scope -> Thread.currentThread().isInterrupted());
    gate.countDown();

    get(first);
    assertThat(get(next)).isFalse();
  }

  @Test
  void anInterruptThatADependentLeavesDoesNotStrikeTheNextCall() throws Exception {
    open(builder -> builder.asyncThreads(1));
    CompletableFuture<Void> left =
        loop.executor()
            .submit(
                () -> {
                  Waiting.await(gate);
                  return null;
                })
            .thenRun(() -> Thread.currentThread().interrupt());
    CompletableFuture<Boolean> next =
        loop.executor().submit(() -> Thread.currentThread().isInterrupted());
    gate.countDown();

    get(left);
    assertThat(get(next)).isFalse();
  }

  @Test
  void whatDependsOnAnActionSubmitsMoreWithoutWaitingForAPlace() throws Exception {
    open(builder -> builder.maxActions(1));
    CompletableFuture<Integer> sum =
        loop.submit(
                scope -> {
                  Waiting.await(gate);
                  return 1;
                })
            .thenCompose(
                one -> {
                  CompletableFuture<Integer> two = loop.submit(scope -> one + 1);
                  return two.thenCombine(loop.submit(scope -> one + 2), Integer::sum);
                });
    gate.countDown();

    assertThat(get(sum)).isEqualTo(5);
  }

  @Test
  void whatDependsOnAnActionClosesTheLoopWithoutWaitingForItself() throws Exception {
    open(builder -> builder.closeTimeout(Waiting.LIMIT.multipliedBy(2)));
    CompletableFuture<Void> closed =
        loop.submit(
                scope -> {
                  Waiting.await(gate);
                  return null;
                })
            .thenRun(loop::close);
    gate.countDown();

    get(closed);
    Waiting.join(loop.owner());
  }

  @Test
  void anActionThatIsCancelledWhileItBeginsDoesNotRun() throws Exception {
    open(builder -> builder);
    AtomicBoolean run = new AtomicBoolean();
    CompletableFuture<CompletableFuture<Void>> submitted = new CompletableFuture<>();
    new Surroundings(() -> {}, () -> submitted.join().cancel(true))
        .during(
            () -> {
              submitted.complete(
                  loop.submit(
                      scope -> {
                        run.set(true);
                        return null;
                      }));
              Waiting.until("it was cancelled", () -> submitted.join().isDone());
            });
    CompletableFuture<Boolean> next = loop.submit(scope -> run.get());

    assertThat(get(next)).isFalse();
    assertThat(submitted.join()).isCancelled();
  }

  @Test
  void theOwnerAndItsWorkersInheritNothingOfWhoNeedsThemFirst() throws Exception {
    InheritableThreadLocal<String> user = new InheritableThreadLocal<>();
    user.set("the first");
    try {
      open(builder -> builder);
      List<CompletableFuture<String>> seen = new ArrayList<>();
      seen.add(loop.submit(scope -> user.get()));
      seen.add(loop.executor().submit(user::get));

      for (CompletableFuture<String> value : seen) {
        assertThat(get(value)).isNull();
      }
    } finally {
      user.remove();
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
