// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionScope;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.context.ApplicationContext;
import org.springframework.core.task.TaskRejectedException;

/** Methods marked {@code @Action}: what their callers get, and where they run. */
class ActionTest extends OnFermata {
  private final IOException failure = new IOException("no route");
  private Orders bean;

  static class Orders {
    final Gate gate = new Gate();
    final Gate never = new Gate();
    final Gate begun = new Gate();
    final Gate interrupted = new Gate();
    final AtomicBoolean ran = new AtomicBoolean();

    @Action
    public CompletableFuture<String> completable(String value) {
      gate.await();
      return CompletableFuture.completedFuture(value + inAction());
    }

    @Action
    public CompletionStage<String> stage(String value) {
      return CompletableFuture.completedStage(value + inAction());
    }

    @Action
    public Future<String> future(String value) {
      return CompletableFuture.completedFuture(value + inAction());
    }

    @Action
    public CompletableFuture<String> later(CompletableFuture<String> later) {
      begun.open();
      return later;
    }

    @Action
    public CompletableFuture<String> none() {
      return null;
    }

    @Action
    public String plain(String value) {
      return value + inAction();
    }

    @Action
    public int primitive() {
      return 7;
    }

    @Action
    public void nothing() {
      ran.set(ActionScope.current().isPresent());
    }

    @Action
    public CompletableFuture<String> failingFuture(Exception thrown) throws Exception {
      throw thrown;
    }

    @Action
    public CompletableFuture<String> failed(Exception thrown) {
      return CompletableFuture.failedFuture(thrown);
    }

    @Action
    public String failing(Throwable thrown) throws Throwable {
      throw thrown;
    }

    @Action
    public void failingVoid(Exception thrown) throws Exception {
      throw thrown;
    }

    @Action
    public CompletableFuture<String> endless() {
      begun.open();
      if (never.awaitInterrupt()) {
        interrupted.open();
      }
      return null;
    }

    @Action("mail")
    public String mailThread() {
      return threadName();
    }

    @Action
    public String defaultThread() {
      return threadName();
    }

    @Action("nowhere")
    public String unknown() {
      return "ran";
    }

    @Action
    public String request() {
      return MDC.get("request");
    }

    @Action
    public ActionScope scope() {
      return ActionScope.current().orElseThrow();
    }

    public String unmarked() {
      return "value" + inAction();
    }
  }

  @Action("mail")
  static class MailOrders {
    public String byClass() {
      return threadName();
    }

    @Action("orders")
    public String byMethod() {
      return threadName();
    }
  }

  interface Shop {
    @Action
    String onInterface();
  }

  static class CornerShop implements Shop {
    @Override
    public String onInterface() {
      return "value" + inAction();
    }
  }

  static class Nesting {
    private final Orders orders;

    Nesting(Orders orders) {
      this.orders = orders;
    }

    @Action
    public boolean inner() throws Exception {
      Thread own = Thread.currentThread();
      ActionScope scope = ActionScope.current().orElseThrow();
      return orders.scope().context() == scope.context()
          && own == Thread.currentThread()
          && orders.stage("x").toCompletableFuture().isDone();
    }
  }

  @Test
  void theCallerOfAMethodThatReturnsAFutureGoesOn() throws Exception {
    Orders orders = orders();
    CompletableFuture<String> future = orders.completable("value");
    assertThat(future).isNotDone();
    bean.gate.open();

    assertThat(Waiting.get(future)).isEqualTo("value in an action");
    assertThat(Waiting.get(orders.future("value"))).isEqualTo("value in an action");
    assertThat(Waiting.get(orders.stage("value").toCompletableFuture()))
        .isEqualTo("value in an action");
    assertThat(Waiting.get(orders.none())).isNull();
  }

  @Test
  void aFutureOfTheBodyMayCompleteLater() throws Exception {
    Orders orders = orders();
    CompletableFuture<String> body = new CompletableFuture<>();
    CompletableFuture<String> future = orders.later(body);
    Waiting.until("the body ran", () -> bean.begun.isOpen());
    assertThat(future).isNotDone();
    body.complete("late");

    assertThat(Waiting.get(future)).isEqualTo("late");
  }

  @Test
  void theCallerOfAnyOtherMethodWaits() {
    Orders orders = orders();

    assertThat(orders.plain("value")).isEqualTo("value in an action");
    assertThat(orders.primitive()).isEqualTo(7);
    orders.nothing();
    assertThat(bean.ran).isTrue();
    assertThat(orders.unmarked()).isEqualTo("value");
  }

  @Test
  void exceptionsReachTheCallerAsTheyAre() {
    Orders orders = orders();
    AssertionError error = new AssertionError("of the action");

    assertThatThrownBy(() -> orders.failing(failure)).isSameAs(failure);
    assertThatThrownBy(() -> orders.failing(error)).isSameAs(error);
    assertThatThrownBy(() -> orders.failingVoid(failure)).isSameAs(failure);
    assertThatThrownBy(() -> Waiting.get(orders.failingFuture(failure)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
    assertThatThrownBy(() -> Waiting.get(orders.failed(failure)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void cancellingItsFutureInterruptsTheAction() {
    Orders orders = orders();
    CompletableFuture<String> future = orders.endless();
    bean.begun.await();

    assertThat(future.cancel(true)).isTrue();

    bean.interrupted.await();
    assertThat(future).isCancelled();
  }

  @Test
  void insideAnActionItJustRuns() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "taskExecutor");
              beans.registerBean(Orders.class);
              beans.registerBean(Nesting.class);
            });

    assertThat(context.getBean(Nesting.class).inner()).isTrue();
  }

  @Test
  void anExecutorIsNamedByItsBean() {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "orders");
              executor(beans, "taskExecutor");
              beans.registerBean(Orders.class);
              beans.registerBean(MailOrders.class);
            });
    Orders orders = context.getBean(Orders.class);
    MailOrders mail = context.getBean(MailOrders.class);

    assertThat(orders.mailThread()).startsWith("mail-");
    assertThat(orders.defaultThread()).startsWith("taskExecutor-");
    assertThat(mail.byClass()).startsWith("mail-");
    assertThat(mail.byMethod()).startsWith("orders-");
    assertThatThrownBy(orders::unknown)
        .isInstanceOf(NoSuchBeanDefinitionException.class)
        .hasMessageContaining("nowhere");
  }

  @Test
  void withoutADefaultAmongSeveralTheErrorNamesThem() {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "orders");
              beans.registerBean(Orders.class);
            });
    Orders orders = context.getBean(Orders.class);

    assertThatThrownBy(orders::defaultThread)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("defaultThread")
        .hasMessageContaining("mail")
        .hasMessageContaining("orders");
  }

  @Test
  void withoutAnExecutorTheErrorSaysSo() {
    ApplicationContext context = context(beans -> beans.registerBean(Orders.class));
    Orders orders = context.getBean(Orders.class);

    assertThatThrownBy(orders::defaultThread)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("FermataTaskExecutor");
  }

  @Test
  void itMayStandOnAnInterface() {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "taskExecutor");
              beans.registerBean(CornerShop.class);
            });

    assertThat(context.getBean(Shop.class).onInterface()).isEqualTo("value in an action");
  }

  @Test
  void oneActionMoreThanAreAllowedIsRefused() throws Exception {
    FermataTaskExecutor small = (FermataTaskExecutor) kind.executor(THREADS, QUEUE, null);
    small.setMaxActions(1);
    Orders orders = orders(small);
    CompletableFuture<String> first = orders.completable("first");

    assertThatThrownBy(() -> orders.completable("second"))
        .isInstanceOf(TaskRejectedException.class);
    assertThatThrownBy(() -> orders.plain("third")).isInstanceOf(TaskRejectedException.class);
    bean.gate.open();
    assertThat(Waiting.get(first)).isEqualTo("first in an action");
    Waiting.until("there is room again", () -> isAccepted(orders));
  }

  @Test
  void theMdcFollowsByItself() {
    Orders orders = orders();
    MDC.put("request", "7");
    try {
      assertThat(orders.request()).isEqualTo("7");
    } finally {
      MDC.clear();
    }
    assertThat(orders.request()).isNull();
  }

  @Test
  void actionsAreHandedInWithoutAnAnnotationToo() throws Exception {
    FermataTaskExecutor executor = (FermataTaskExecutor) kind.executor(THREADS, QUEUE, null);
    opened(executor);

    assertThat(Waiting.get(executor.submitAction(() -> "value" + inAction())))
        .isEqualTo("value in an action");
    assertThatThrownBy(
            () ->
                Waiting.get(
                    executor.submitAction(
                        () -> {
                          throw failure;
                        })))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
    executor.shutdown();
    assertThatThrownBy(() -> executor.submitAction(() -> List.of()))
        .isInstanceOf(TaskRejectedException.class);
  }

  private Orders orders() {
    return orders((FermataTaskExecutor) kind.executor(THREADS, QUEUE, null));
  }

  private Orders orders(FermataTaskExecutor executor) {
    bean = new Orders();
    return context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(Orders.class, () -> bean);
            })
        .getBean(Orders.class);
  }

  private static boolean isAccepted(Orders orders) {
    try {
      orders.nothing();
      return true;
    } catch (TaskRejectedException full) {
      return false;
    }
  }

  private static String inAction() {
    return ActionScope.current().isPresent() ? " in an action" : "";
  }

  private static String threadName() {
    return Thread.currentThread().getName();
  }
}
