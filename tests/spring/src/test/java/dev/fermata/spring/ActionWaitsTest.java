// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionScope;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.aop.Advisor;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.context.ApplicationContext;
import org.springframework.scheduling.annotation.Async;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/** Actions that wait for {@code @Async} methods: on one loop, so that each wait must suspend. */
class ActionWaitsTest extends OnFermata {
  private static final ThreadLocal<String> TRANSACTION = new ThreadLocal<>();
  private final Remote remote = new Remote();
  private Actions actions;
  private ApplicationContext context;

  /** A service whose calls end when two of them are there. */
  static class Remote {
    final Gate both = new Gate(2);
    final AtomicReference<Thread> thread = new AtomicReference<>();

    @Async
    public String plain(String value) {
      together();
      return value;
    }

    @Async
    public int primitive(int value) {
      together();
      return value;
    }

    @Async
    public CompletableFuture<String> future(String value) {
      together();
      return CompletableFuture.completedFuture(value);
    }

    @Async
    public String failing(Exception thrown) throws Exception {
      throw thrown;
    }

    @Async
    public CompletableFuture<String> failingFuture(Exception thrown) throws Exception {
      throw thrown;
    }

    @Async
    public void nothing() {
      thread.set(Thread.currentThread());
      together();
    }

    @Async
    public boolean inAction() {
      return ActionScope.current().isPresent();
    }

    private void together() {
      both.open();
      both.await();
    }
  }

  static class Actions {
    private final Remote remote;

    Actions(Remote remote) {
      this.remote = remote;
    }

    @Action
    public CompletableFuture<String> plain(String value) {
      return done("got " + remote.plain(value));
    }

    @Action
    public CompletableFuture<String> primitive(int value) {
      return done("got " + remote.primitive(value));
    }

    @Action
    public CompletableFuture<String> join(String value) {
      return done("got " + remote.future(value).join());
    }

    @Action
    public CompletableFuture<String> get(String value) throws Exception {
      return done("got " + remote.future(value).get());
    }

    @Action
    public CompletableFuture<String> getInTime(String value) throws Exception {
      return done("got " + remote.future(value).get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS));
    }

    @Action
    public CompletableFuture<String> joinDerived(String value) {
      return done(remote.future(value).thenApply(got -> "got " + got).join());
    }

    @Action
    public String fanOut() {
      CompletableFuture<String> one = remote.future("one");
      CompletableFuture<String> two = remote.future("two");
      return one.join() + " " + two.join();
    }

    @Action
    public String failing(Exception thrown) throws Exception {
      return remote.failing(thrown);
    }

    @Action
    public String failingFuture(Exception thrown) throws Exception {
      return remote.failingFuture(thrown).get();
    }

    @Action
    public void nothing() {
      remote.nothing();
    }

    @Action
    public CompletableFuture<List<Object>> bound(Object request, String transaction) {
      RequestContextHolder.setRequestAttributes((RequestAttributes) request);
      TRANSACTION.set(transaction);
      try {
        remote.plain("");
        List<Object> seen = new ArrayList<>();
        seen.add(RequestContextHolder.getRequestAttributes());
        seen.add(TRANSACTION.get());
        return CompletableFuture.completedFuture(seen);
      } finally {
        RequestContextHolder.resetRequestAttributes();
        TRANSACTION.remove();
      }
    }

    @Action
    public CompletableFuture<String> advised(String value) {
      remote.plain(value);
      return done(value + " in " + TRANSACTION.get());
    }

    @Action
    public boolean remoteInAction() {
      return remote.inAction();
    }
  }

  @BeforeEach
  void open() {
    FermataTaskExecutor executor = (FermataTaskExecutor) kind.executor(THREADS, QUEUE, null);
    executor.setLoops(1);
    context =
        context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(Remote.class, () -> remote);
              beans.registerBean(Actions.class);
              beans.registerBean(DefaultAdvisorAutoProxyCreator.class);
              beans.registerBean("transactions", Advisor.class, ActionWaitsTest::transactions);
            });
    actions = context.getBean(Actions.class);
  }

  /** Binds something to the thread around a method, as transactions do. */
  private static Advisor transactions() {
    NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
    pointcut.setClassFilter(Actions.class::isAssignableFrom);
    pointcut.setMappedName("advised");
    MethodInterceptor around =
        invocation -> {
          assertThat(TRANSACTION.get()).isNull();
          String own = "transaction of " + invocation.getArguments()[0];
          TRANSACTION.set(own);
          try {
            return invocation.proceed();
          } finally {
            assertThat(TRANSACTION.get()).isEqualTo(own);
            TRANSACTION.remove();
          }
        };
    return new DefaultPointcutAdvisor(pointcut, around);
  }

  @Test
  void aPlainValueSuspendsTheAction() throws Exception {
    CompletableFuture<String> first = actions.plain("first");
    CompletableFuture<String> second = actions.plain("second");

    assertThat(Waiting.get(first)).isEqualTo("got first");
    assertThat(Waiting.get(second)).isEqualTo("got second");
  }

  @Test
  void soDoesAPrimitiveOne() throws Exception {
    CompletableFuture<String> first = actions.primitive(1);
    CompletableFuture<String> second = actions.primitive(2);

    assertThat(Waiting.get(first)).isEqualTo("got 1");
    assertThat(Waiting.get(second)).isEqualTo("got 2");
  }

  @Test
  void waitingForAFutureSuspendsTheAction() throws Exception {
    CompletableFuture<String> first = actions.join("first");
    CompletableFuture<String> second = actions.get("second");

    assertThat(Waiting.get(first)).isEqualTo("got first");
    assertThat(Waiting.get(second)).isEqualTo("got second");
  }

  @Test
  void soDoWaitsWithALimitAndForDerivedFutures() throws Exception {
    CompletableFuture<String> first = actions.getInTime("first");
    CompletableFuture<String> second = actions.joinDerived("second");

    assertThat(Waiting.get(first)).isEqualTo("got first");
    assertThat(Waiting.get(second)).isEqualTo("got second");
  }

  @Test
  void anActionFansOut() {
    assertThat(actions.fanOut()).isEqualTo("one two");
  }

  @Test
  void aVoidMethodIsNotWaitedFor() {
    actions.nothing();
    assertThat(remote.both.isOpen()).isFalse();
    actions.nothing();

    remote.both.await();
    assertThat(remote.thread.get()).isNotSameAs(Thread.currentThread());
  }

  @Test
  void whatAPlainMethodThrowsReachesTheActionAsItIs() {
    IOException failure = new IOException("no route");

    assertThatThrownBy(() -> actions.failing(failure)).isSameAs(failure);
    assertThatThrownBy(() -> actions.failingFuture(failure))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void whatAnActionBindsToItsThreadIsItsOwn() throws Exception {
    Object firstRequest = request();
    Object secondRequest = request();
    CompletableFuture<List<Object>> first = actions.bound(firstRequest, "first");
    CompletableFuture<List<Object>> second = actions.bound(secondRequest, "second");

    assertThat(Waiting.get(first)).containsExactly(firstRequest, "first");
    assertThat(Waiting.get(second)).containsExactly(secondRequest, "second");
  }

  @Test
  void whatAdviceBindsToTheThreadBelongsToTheAction() throws Exception {
    CompletableFuture<String> first = actions.advised("first");
    CompletableFuture<String> second = actions.advised("second");

    assertThat(Waiting.get(first)).isEqualTo("first in transaction of first");
    assertThat(Waiting.get(second)).isEqualTo("second in transaction of second");
  }

  @Test
  void theAsynchronousMethodIsAnActionOnlyWhereTasksAre() {
    assertThat(actions.remoteInAction()).isEqualTo(kind.hasActions());
  }

  @Test
  void outsideOfAnActionAPlainValueIsRefused() {
    Remote asynchronous = context.getBean(Remote.class);

    assertThatThrownBy(() -> asynchronous.plain("value"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Invalid return type");
    assertThat(remote.both.isOpen()).isFalse();
  }

  private static CompletableFuture<String> done(String value) {
    return CompletableFuture.completedFuture(value);
  }

  private static RequestAttributes request() {
    return (RequestAttributes)
        Proxy.newProxyInstance(
            ActionWaitsTest.class.getClassLoader(),
            new Class<?>[] {RequestAttributes.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" -> proxy == arguments[0];
                  case "toString" -> "request";
                  default -> null;
                });
  }
}
