// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

/** Which calls of which beans are asynchronous: those that go through a proxy. */
class AsyncBehaviourProxyTest extends AsyncBehaviour {
  interface Greeting {
    CompletableFuture<Thread> onClass();

    @Async
    CompletableFuture<Thread> onInterface();

    CompletableFuture<Thread> unmarked();
  }

  static class Greeter implements Greeting {
    @Async
    @Override
    public CompletableFuture<Thread> onClass() {
      return onThread();
    }

    @Override
    public CompletableFuture<Thread> onInterface() {
      return onThread();
    }

    @Override
    public CompletableFuture<Thread> unmarked() {
      return onThread();
    }
  }

  @Async
  static class Whole {
    public CompletableFuture<Thread> everyMethod() {
      return onThread();
    }
  }

  static class Derived extends Whole {
    public CompletableFuture<Thread> ownMethod() {
      return onThread();
    }
  }

  @Async
  interface WholeInterface {
    CompletableFuture<Thread> everyMethod();
  }

  static class OfWholeInterface implements WholeInterface {
    @Override
    public CompletableFuture<Thread> everyMethod() {
      return onThread();
    }
  }

  static class Caller {
    private final ObjectProvider<Caller> self;

    Caller(ObjectProvider<Caller> self) {
      this.self = self;
    }

    public CompletableFuture<Thread> byThis() {
      return target();
    }

    public CompletableFuture<Thread> byProxy() {
      return self.getObject().target();
    }

    @Async
    public CompletableFuture<Thread> target() {
      return onThread();
    }
  }

  static class Chain {
    private final Greeter next;

    Chain(Greeter next) {
      this.next = next;
    }

    @Async
    public CompletableFuture<Boolean> nested() {
      Thread own = Thread.currentThread();
      return next.onClass().thenApply(thread -> thread != own);
    }
  }

  @Retention(RetentionPolicy.RUNTIME)
  @interface Background {}

  static class Annotated {
    @Background
    public CompletableFuture<Thread> own() {
      return onThread();
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAsync(proxyTargetClass = true)
  static class WithSubclasses {}

  @Configuration(proxyBeanMethods = false)
  @EnableAsync(annotation = Background.class)
  static class WithOwnAnnotation {}

  @Test
  void aBeanWithAnInterfaceGetsAProxyOfTheJdk() throws Exception {
    Greeting greeting = with(WithAsync.class, Greeter.class).getBean(Greeting.class);

    assertThat(Proxy.isProxyClass(greeting.getClass())).isTrue();
    assertAsynchronous(greeting.onClass());
    assertAsynchronous(greeting.onInterface());
    assertSynchronous(greeting.unmarked());
  }

  @Test
  void onDemandItGetsASubclass() throws Exception {
    Greeter greeter = with(WithSubclasses.class, Greeter.class).getBean(Greeter.class);

    assertThat(AopUtils.isCglibProxy(greeter)).isTrue();
    assertAsynchronous(greeter.onClass());
    assertAsynchronous(greeter.onInterface());
    assertSynchronous(greeter.unmarked());
  }

  @Test
  void anAnnotationOfAClassIsForAllItsMethodsAndItsSubclasses() throws Exception {
    Derived derived = with(WithAsync.class, Derived.class).getBean(Derived.class);

    assertThat(AopUtils.isCglibProxy(derived)).isTrue();
    assertAsynchronous(derived.everyMethod());
    assertAsynchronous(derived.ownMethod());
  }

  @Test
  void anAnnotationOfAnInterfaceIsForAllItsMethods() throws Exception {
    WholeInterface whole =
        with(WithAsync.class, OfWholeInterface.class).getBean(WholeInterface.class);

    assertAsynchronous(whole.everyMethod());
  }

  @Test
  void aCallThroughThisIsSynchronous() throws Exception {
    Caller caller = with(WithAsync.class, Caller.class).getBean(Caller.class);

    assertSynchronous(caller.byThis());
    assertAsynchronous(caller.byProxy());
  }

  @Test
  void anAsynchronousMethodMayCallAnother() throws Exception {
    Chain chain = with(WithSubclasses.class, Greeter.class, Chain.class).getBean(Chain.class);

    assertThat(Waiting.get(chain.nested())).isTrue();
  }

  @Test
  void anotherAnnotationMayTakeItsPlace() throws Exception {
    Annotated annotated = with(WithOwnAnnotation.class, Annotated.class).getBean(Annotated.class);

    assertAsynchronous(annotated.own());
  }

  private ApplicationContext with(Class<?> async, Class<?>... types) {
    return context(async, beans -> register(beans, types));
  }

  private void register(GenericApplicationContext beans, Class<?>... types) {
    executor(beans, "taskExecutor");
    for (Class<?> type : types) {
      beans.registerBean(type);
    }
  }

  private static void assertAsynchronous(CompletableFuture<Thread> call) throws Exception {
    assertThat(Waiting.get(call)).isNotSameAs(Thread.currentThread());
  }

  private static void assertSynchronous(CompletableFuture<Thread> call) {
    assertThat(call).isCompletedWithValue(Thread.currentThread());
  }

  private static CompletableFuture<Thread> onThread() {
    return CompletableFuture.completedFuture(Thread.currentThread());
  }
}
