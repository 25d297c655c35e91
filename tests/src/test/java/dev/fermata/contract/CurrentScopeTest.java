// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What code finds out about the action it runs in without being handed anything. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CurrentScopeTest {
  @Parameter Setup setup;

  @Test
  void itIsThereInAnActionBeforeAndAfterAWaitAndNowhereElse() {
    try (Driver driver = new Driver(setup)) {
      assertThat(ActionScope.current()).isEmpty();
      List<Boolean> present =
          driver.run(
              context -> {
                List<Boolean> seen = new ArrayList<>();
                seen.add(scope().context() == context);
                boolean onWorker =
                    scope().call(() -> setup.suspends() && ActionScope.current().isPresent());
                seen.add(!onWorker);
                seen.add(scope().context() == context);
                return seen;
              });

      assertThat(present).containsExactly(true, true, true);
      assertThat(ActionScope.current()).isEmpty();
    }
  }

  @Test
  void eachActionOfALoopHasItsOwn() throws Exception {
    CountDownLatch both = new CountDownLatch(setup.suspends() ? 2 : 1);
    try (ActionLoop loop = setup.build(ActionLoop.builder().name("scopes"))) {
      List<CompletableFuture<Boolean>> actions = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        actions.add(
            loop.submit(
                own -> {
                  boolean before = scope().context() == own.context();
                  scope()
                      .call(
                          () -> {
                            both.countDown();
                            Waiting.await(both);
                            return null;
                          });
                  return before && scope().context() == own.context();
                }));
      }
      for (CompletableFuture<Boolean> action : actions) {
        assertThat(action.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  /** An action of one executor that drives another is in that one's action meanwhile. */
  @Test
  void aNestedActionHidesTheOuterOneUntilItIsSuspended() {
    try (Driver outer = new Driver(setup);
        Driver inner = new Driver(setup)) {
      List<Boolean> seen =
          outer.run(
              context -> {
                List<Boolean> own = new ArrayList<>();
                inner.start(innerContext -> own.add(scope().context() == innerContext));
                own.add(scope().context() == context);
                return own;
              });

      assertThat(seen).containsExactly(true, true);
    }
  }

  /** Values that code binds to its thread, as transactions are, stay with their action. */
  @Test
  void actionsOfAThreadedLoopHaveThreadLocalsOfTheirOwn() throws Exception {
    if (setup == Setup.CONTINUATION || setup == Setup.INLINE) {
      return;
    }
    ThreadLocal<String> bound = new ThreadLocal<>();
    CountDownLatch both = new CountDownLatch(2);
    try (ActionLoop loop =
        setup.build(ActionLoop.builder().name("bound").ownerKind(OwnerKind.THREADED_LOOP))) {
      List<CompletableFuture<List<String>>> actions = new ArrayList<>();
      for (String name : List.of("first", "second")) {
        actions.add(
            loop.submit(
                scope -> {
                  List<String> seen = new ArrayList<>();
                  seen.add(String.valueOf(bound.get()));
                  bound.set(name);
                  scope.call(
                      () -> {
                        both.countDown();
                        Waiting.await(both);
                        return null;
                      });
                  seen.add(bound.get());
                  bound.remove();
                  return seen;
                }));
      }

      assertThat(actions.get(0).get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS))
          .containsExactly("null", "first");
      assertThat(actions.get(1).get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS))
          .containsExactly("null", "second");
    }
  }

  @Test
  void aThreadedLoopNeverSharesAThread() {
    try (ActionLoop loop =
        ActionLoop.builder().name("threaded").ownerKind(OwnerKind.THREADED_LOOP).build()) {
      assertThat(loop.executor().strategy())
          .isEqualTo(Runtime.version().feature() >= 24 ? Strategy.VIRTUAL : Strategy.HANDOFF);
    }
  }

  private static ActionScope scope() {
    return ActionScope.current().orElseThrow();
  }
}
