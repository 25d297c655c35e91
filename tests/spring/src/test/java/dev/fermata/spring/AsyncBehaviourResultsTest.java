// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.aop.interceptor.AsyncUncaughtExceptionHandler;
import org.springframework.aop.interceptor.SimpleAsyncUncaughtExceptionHandler;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.annotation.AsyncResult;
import org.springframework.util.concurrent.ListenableFuture;

/** What callers get for each return type, and what becomes of exceptions. */
class AsyncBehaviourResultsTest extends AsyncBehaviour {
  private final IOException failure = new IOException("no route");
  private final Calls calls = new Calls();

  static class Calls {
    final Gate gate = new Gate();
    final CompletableFuture<Thread> ran = new CompletableFuture<>();
    final AtomicBoolean plainRan = new AtomicBoolean();

    @Async
    public void nothing() {
      gate.await();
      ran.complete(Thread.currentThread());
    }

    @Async
    public void failing(Exception thrown, String unused) throws Exception {
      throw thrown;
    }

    @Async
    public Future<String> future(String value) {
      gate.await();
      return CompletableFuture.completedFuture(value);
    }

    @Async
    public Future<String> failingFuture(Exception thrown) throws Exception {
      throw thrown;
    }

    @Async
    public CompletableFuture<String> completable(String value) {
      gate.await();
      return CompletableFuture.completedFuture(value);
    }

    @Async
    public CompletableFuture<String> failingCompletable(Exception thrown) throws Exception {
      throw thrown;
    }

    @Async
    public CompletableFuture<String> failed(Exception thrown) {
      return CompletableFuture.failedFuture(thrown);
    }

    @Async
    public CompletableFuture<String> none() {
      return null;
    }

    @Async
    @SuppressWarnings({"deprecation", "removal"})
    public ListenableFuture<String> listenable(String value) {
      gate.await();
      return new AsyncResult<>(value);
    }

    @Async
    @SuppressWarnings({"deprecation", "removal"})
    public ListenableFuture<String> failingListenable(Exception thrown) throws Exception {
      throw thrown;
    }

    @Async
    public String plain() {
      plainRan.set(true);
      return "lost";
    }

    @Async
    public int primitive() {
      plainRan.set(true);
      return 1;
    }

    @Async
    public CompletionStage<String> stage() {
      plainRan.set(true);
      return CompletableFuture.completedStage("lost");
    }
  }

  private Calls async;

  @BeforeEach
  void open() {
    async = context(this::beans).getBean(Calls.class);
  }

  private void beans(GenericApplicationContext beans) {
    executor(beans, "taskExecutor");
    beans.registerBean(Calls.class, () -> calls);
  }

  @Test
  void theCallerOfAVoidMethodGoesOnAtOnce() throws Exception {
    async.nothing();
    assertThat(calls.ran).isNotDone();
    calls.gate.open();

    assertThat(Waiting.get(calls.ran)).isNotSameAs(Thread.currentThread());
  }

  @Test
  void aFutureCompletesWithTheValueOfTheOneTheMethodReturns() throws Exception {
    Future<String> future = async.future("value");
    assertThat(future.isDone()).isFalse();
    calls.gate.open();

    assertThat(Waiting.get(future)).isEqualTo("value");
    assertThat(Waiting.get(async.future(null))).isNull();
  }

  @Test
  void aCompletableFutureCompletesAndRunsWhatDependsOnIt() throws Exception {
    CompletableFuture<String> future = async.completable("value");
    CompletableFuture<String> dependent = future.thenApply(value -> "derived " + value);
    assertThat(future).isNotDone();
    calls.gate.open();

    assertThat(Waiting.get(dependent)).isEqualTo("derived value");
    assertThat(Waiting.get(async.none())).isNull();
  }

  @Test
  @SuppressWarnings({"deprecation", "removal"})
  void aListenableFutureTellsItsCallbacks() throws Exception {
    CompletableFuture<String> told = new CompletableFuture<>();
    ListenableFuture<String> future = async.listenable("value");
    future.addCallback(told::complete, told::completeExceptionally);
    assertThat(future.isDone()).isFalse();
    calls.gate.open();

    assertThat(Waiting.get(told)).isEqualTo("value");
    assertThat(Waiting.get(future)).isEqualTo("value");
  }

  @Test
  void aFutureFailsWithWhatTheMethodThrows() {
    assertThatThrownBy(() -> Waiting.get(async.failingFuture(failure)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void aCompletableFutureFailsWithWhatTheMethodThrows() {
    CompletableFuture<String> future = async(() -> async.failingCompletable(failure));
    assertThatThrownBy(() -> Waiting.get(future))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
    assertThatThrownBy(future::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isSameAs(failure);
    // Told as futures of CompletableFuture.supplyAsync tell it.
    assertThat(future.handle((value, thrown) -> thrown).join())
        .isInstanceOf(CompletionException.class)
        .hasCause(failure);
  }

  @Test
  void aFailedFutureThatTheMethodReturnsIsUnwrapped() {
    assertThatThrownBy(() -> Waiting.get(async.failed(failure)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  @SuppressWarnings({"deprecation", "removal"})
  void aListenableFutureTellsItsCallbacksWhatTheMethodThrows() throws Exception {
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    ListenableFuture<String> future = async.failingListenable(failure);
    future.addCallback(value -> told.complete(null), told::complete);

    assertThat(Waiting.get(told)).isSameAs(failure);
    assertThatThrownBy(() -> Waiting.get(future))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void whatAVoidMethodThrowsGoesToTheHandlerWithTheMethodAndItsArguments() throws Exception {
    CompletableFuture<List<Object>> handled = new CompletableFuture<>();
    AsyncUncaughtExceptionHandler handler =
        (thrown, method, arguments) -> handled.complete(List.of(thrown, method, arguments));
    Calls handledCalls =
        context(
                beans -> {
                  beans(beans);
                  beans.registerBean(AsyncConfigurer.class, () -> configurer(handler));
                })
            .getBean(Calls.class);

    handledCalls.failingFuture(failure);
    handledCalls.failing(failure, "argument");

    List<Object> told = Waiting.get(handled);
    assertThat(told.get(0)).isSameAs(failure);
    assertThat(((Method) told.get(1)).getName()).isEqualTo("failing");
    assertThat((Object[]) told.get(2)).containsExactly(failure, "argument");
  }

  @Test
  void withoutAHandlerWhatAVoidMethodThrowsIsLogged() throws Exception {
    try (LogCapture log = new LogCapture(SimpleAsyncUncaughtExceptionHandler.class.getName())) {
      async.failing(failure, "argument");

      Waiting.until("the exception is logged", () -> !log.events().isEmpty());
      assertThat(log.events().get(0).getLevel()).isEqualTo(Level.ERROR);
      assertThat(log.events().get(0).getFormattedMessage()).contains("failing");
      assertThat(log.events().get(0).getThrowableProxy().getMessage()).isEqualTo("no route");
    }
  }

  /** Outside of an action nobody could be given the value. */
  @Test
  void anyOtherReturnTypeIsRefusedAndTheMethodDoesNotRun() {
    assertThatThrownBy(async::plain)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Invalid return type")
        .hasMessageContaining("String");
    assertThatThrownBy(async::primitive)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("int");
    assertThatThrownBy(async::stage).isInstanceOf(IllegalArgumentException.class);
    assertThat(calls.plainRan).isFalse();
  }

  private static AsyncConfigurer configurer(AsyncUncaughtExceptionHandler handler) {
    return new AsyncConfigurer() {
      @Override
      public AsyncUncaughtExceptionHandler getAsyncUncaughtExceptionHandler() {
        return handler;
      }
    };
  }

  /** A call whose method declares what only its future throws. */
  private static <T> T async(Callable<T> call) {
    try {
      return call.call();
    } catch (Exception thrown) {
      throw new AssertionError("thrown at the caller", thrown);
    }
  }
}
