// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.micrometer.context.ContextRegistry;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.context.ApplicationContext;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.ContextPropagatingTaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.task.DelegatingSecurityContextAsyncTaskExecutor;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/** What follows a caller to its task, by the means that Spring has for it. */
class AsyncBehaviourContextTest extends AsyncBehaviour {
  private static final ThreadLocal<String> TENANT = new ThreadLocal<>();
  private static final TaskDecorator MDC_DECORATOR =
      task -> {
        Map<String, String> callers = MDC.getCopyOfContextMap();
        return () -> {
          MDC.setContextMap(callers == null ? Map.of() : callers);
          try {
            task.run();
          } finally {
            MDC.clear();
          }
        };
      };
  private static final TaskDecorator REQUEST_DECORATOR =
      task -> {
        RequestAttributes callers = RequestContextHolder.getRequestAttributes();
        return () -> {
          RequestContextHolder.setRequestAttributes(callers);
          try {
            task.run();
          } finally {
            RequestContextHolder.resetRequestAttributes();
          }
        };
      };

  static class Calls {
    @Async
    public CompletableFuture<String> user() {
      return CompletableFuture.completedFuture(
          SecurityContextHolder.getContext().getAuthentication().getName());
    }

    @Async
    public CompletableFuture<String> mdc() {
      return CompletableFuture.completedFuture(MDC.get("request"));
    }
  }

  @AfterEach
  void forget() {
    MDC.clear();
    RequestContextHolder.resetRequestAttributes();
    SecurityContextHolder.clearContext();
    TENANT.remove();
  }

  @Test
  void aDecoratorIsAskedOnTheCallersThreadAndSurroundsTheTaskOnItsOwn() throws Exception {
    Queue<String> order = new ConcurrentLinkedQueue<>();
    Thread caller = Thread.currentThread();
    AsyncTaskExecutor executor =
        opened(
            task -> {
              order.add("decorate " + (Thread.currentThread() == caller));
              return () -> {
                Thread own = Thread.currentThread();
                order.add("before " + (own == caller));
                task.run();
                order.add("after " + (own == Thread.currentThread()));
              };
            });

    Waiting.get(executor.submit(() -> order.add("task " + (Thread.currentThread() == caller))));

    Waiting.until("the decorator is through", () -> order.size() == 4);
    assertThat(order).containsExactly("decorate true", "before false", "task false", "after true");
  }

  @Test
  void aDecoratorSurroundsEveryWayToHandInATask() throws Exception {
    Queue<String> decorated = new ConcurrentLinkedQueue<>();
    ExecutorConfigurationSupport own =
        kind.executor(
            THREADS,
            QUEUE,
            task ->
                () -> {
                  decorated.add("task");
                  task.run();
                });
    ApplicationContext context =
        context(
            beans -> {
              register(beans, "taskExecutor", own);
              beans.registerBean(Calls.class);
            });
    AsyncTaskExecutor executor = (AsyncTaskExecutor) own;
    CompletableFuture<Void> executed = new CompletableFuture<>();
    executor.execute(() -> executed.complete(null));

    Waiting.get(executed);
    Waiting.get(executor.submit(() -> {}));
    Waiting.get(executor.submit(() -> "value"));
    Waiting.get(executor.submitCompletable(() -> {}));
    Waiting.get(context.getBean(Calls.class).mdc());
    assertThat(decorated).hasSize(5);
  }

  @Test
  void aDecoratorThatFailsToDecorateRefusesTheTask() throws Exception {
    IllegalStateException failure = new IllegalStateException("no tenant");
    boolean[] fails = {true};
    AsyncTaskExecutor executor =
        opened(
            task -> {
              if (fails[0]) {
                throw failure;
              }
              return task;
            });

    assertThat(catchThrowable(() -> executor.submit(() -> {}))).isSameAs(failure);
    fails[0] = false;
    assertThat(Waiting.get(executor.submit(() -> "next"))).isEqualTo("next");
  }

  @Test
  void theMdcFollowsByADecorator() throws Exception {
    ExecutorConfigurationSupport own = kind.executor(1, QUEUE, MDC_DECORATOR);
    ApplicationContext context =
        context(
            beans -> {
              register(beans, "taskExecutor", own);
              beans.registerBean(Calls.class);
            });
    Calls calls = context.getBean(Calls.class);
    MDC.put("request", "7");

    assertThat(Waiting.get(calls.mdc())).isEqualTo("7");
    MDC.clear();
    assertThat(Waiting.get(calls.mdc())).isNull();
  }

  @Test
  void theRequestFollowsByADecorator() throws Exception {
    AsyncTaskExecutor executor = opened(kind.executor(1, QUEUE, REQUEST_DECORATOR));
    RequestAttributes request =
        (RequestAttributes)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RequestAttributes.class},
                (proxy, method, arguments) -> null);
    RequestContextHolder.setRequestAttributes(request);

    assertThat(Waiting.get(executor.submit(RequestContextHolder::getRequestAttributes)))
        .isSameAs(request);
    RequestContextHolder.resetRequestAttributes();
    assertThat(Waiting.get(executor.submit(RequestContextHolder::getRequestAttributes))).isNull();
  }

  @Test
  void theSecurityContextFollowsByTheExecutorOfSpringSecurity() throws Exception {
    AsyncTaskExecutor own = opened(1, QUEUE);
    ApplicationContext context =
        context(
            beans -> {
              beans.registerBean(
                  "taskExecutor",
                  AsyncTaskExecutor.class,
                  () -> new DelegatingSecurityContextAsyncTaskExecutor(own));
              beans.registerBean(Calls.class);
            });
    SecurityContextHolder.getContext()
        .setAuthentication(new TestingAuthenticationToken("ada", "secret"));

    assertThat(Waiting.get(context.getBean(Calls.class).user())).isEqualTo("ada");
    SecurityContextHolder.clearContext();
    assertThat(
            Waiting.get(own.submit(() -> SecurityContextHolder.getContext().getAuthentication())))
        .as("what is left on the thread")
        .isNull();
  }

  @Test
  void registeredValuesFollowByTheDecoratorForThem() throws Exception {
    ContextRegistry.getInstance().registerThreadLocalAccessor("tenant", TENANT);
    try {
      AsyncTaskExecutor executor =
          opened(kind.executor(1, QUEUE, new ContextPropagatingTaskDecorator()));
      TENANT.set("blue");

      assertThat(Waiting.get(executor.submit(TENANT::get))).isEqualTo("blue");
      TENANT.set("green");
      List<Object> seen =
          Waiting.get(
              executor.submit(
                  () -> {
                    String before = TENANT.get();
                    TENANT.set("changed by the task");
                    return List.of(before, TENANT.get());
                  }));
      assertThat(seen).containsExactly("green", "changed by the task");
      TENANT.remove();
      assertThat(Waiting.get(executor.submit(TENANT::get))).isNull();
    } finally {
      ContextRegistry.getInstance().removeThreadLocalAccessor("tenant");
    }
  }
}
