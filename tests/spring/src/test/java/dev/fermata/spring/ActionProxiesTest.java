// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionScope;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

/** What kinds of proxies make of {@code @Action}, and in which place of theirs it stands. */
class ActionProxiesTest extends OnFermata {
  interface Source<T> {
    T fetch(CompletableFuture<T> later);
  }

  static class AsyncSource implements Source<CompletableFuture<String>> {
    @Async
    @Override
    public CompletableFuture<String> fetch(CompletableFuture<CompletableFuture<String>> later) {
      return later.join();
    }

    @Async
    public String plain() {
      return "value";
    }
  }

  static class ActionSource implements Source<CompletableFuture<String>> {
    final Gate gate = new Gate();

    @Action
    @Override
    public CompletableFuture<String> fetch(CompletableFuture<CompletableFuture<String>> later) {
      gate.await();
      return CompletableFuture.completedFuture("value" + inAction());
    }
  }

  static class Caller {
    private final Source<CompletableFuture<String>> source;

    Caller(Source<CompletableFuture<String>> source) {
      this.source = source;
    }

    @Action
    public String goesOn() {
      CompletableFuture<CompletableFuture<String>> later = new CompletableFuture<>();
      CompletableFuture<String> fetched = source.fetch(later);
      boolean wentOn = !fetched.isDone();
      later.complete(CompletableFuture.completedFuture("value"));
      return fetched.join() + wentOn;
    }
  }

  @Action
  static class Both {
    @Async
    public String plain() {
      return "value" + inAction();
    }
  }

  interface TripApi {
    String plan();
  }

  static class Trips implements TripApi {
    @Action
    @Override
    public String plan() {
      return "value" + inAction();
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAsync
  @EnableFermata
  static class AsyncFirst {}

  @Configuration(proxyBeanMethods = false)
  @EnableFermata
  @EnableAsync
  static class FermataFirst {}

  @Configuration(proxyBeanMethods = false)
  @EnableFermata(proxyTargetClass = true)
  static class WithSubclasses {}

  @Test
  void aFutureBehindAGenericInterfaceIsNotWaitedFor() {
    Caller caller = with(WithAsync.class, AsyncSource.class, Caller.class).getBean(Caller.class);

    assertThat(caller.goesOn()).isEqualTo("valuetrue");
  }

  @Test
  void norIsThatOfAnAction() throws Exception {
    ActionSource target = new ActionSource();
    Source<CompletableFuture<String>> source = source(target);

    CompletableFuture<String> future = source.fetch(null);

    assertThat(future).isNotDone();
    target.gate.open();
    assertThat(Waiting.get(future)).isEqualTo("value in an action");
  }

  @SuppressWarnings("unchecked") // the bean is the target's proxy
  private Source<CompletableFuture<String>> source(ActionSource target) {
    return context(
            beans -> {
              executor(beans, "taskExecutor");
              beans.registerBean(ActionSource.class, () -> target);
            })
        .getBean(Source.class);
  }

  @ParameterizedTest
  @ValueSource(classes = {AsyncFirst.class, FermataFirst.class})
  void theActionIsOutermostInEitherOrder(Class<?> configuration) {
    AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
    try (context) {
      executor(context, "taskExecutor");
      context.register(configuration, Both.class);
      context.refresh();

      assertThat(context.getBean(Both.class).plain()).startsWith("value");
    }
  }

  @Test
  void onDemandABeanWithAnInterfaceIsASubclass() {
    try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
      executor(context, "taskExecutor");
      context.register(WithSubclasses.class, Trips.class);
      context.refresh();

      assertThat(context.getBean(Trips.class).plan()).isEqualTo("value in an action");
    }
  }

  @Test
  void byDefaultItImplementsTheInterface() {
    ApplicationContext context = with(WithAsync.class, Trips.class);

    assertThat(AopUtils.isJdkDynamicProxy(context.getBean(TripApi.class))).isTrue();
    assertThat(context.getBean(TripApi.class).plan()).isEqualTo("value in an action");
  }

  private ApplicationContext with(Class<?> async, Class<?>... types) {
    return context(
        async,
        beans -> {
          executor(beans, "taskExecutor");
          ((AnnotationConfigApplicationContext) beans).register(types);
        });
  }

  private static String inAction() {
    return ActionScope.current().isPresent() ? " in an action" : "";
  }
}
