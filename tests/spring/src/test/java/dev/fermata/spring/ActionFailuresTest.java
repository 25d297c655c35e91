// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.scheduling.annotation.Async;

/** Callers get what a body threw, that very object, and nothing that a method does not declare. */
class ActionFailuresTest extends OnFermata {
  private final CompletionException wrapped = new CompletionException(new IOException("no route"));
  private final Bodies bodies = new Bodies();
  private Bodies actions;
  private Callers callers;

  static class Bodies {
    final Gate begun = new Gate();
    final Gate never = new Gate();

    @Action
    public String throwing(RuntimeException thrown) {
      throw thrown;
    }

    @Async
    public String plain(RuntimeException thrown) {
      throw thrown;
    }

    @Action
    public void endless() {
      begun.open();
      never.await();
    }

    @Action
    public void endlessDeclared() throws InterruptedException {
      endless();
    }
  }

  static class Callers {
    private final Bodies bodies;

    Callers(Bodies bodies) {
      this.bodies = bodies;
    }

    @Action
    public CompletableFuture<Throwable> ofPlain(RuntimeException thrown) {
      return CompletableFuture.completedFuture(catchThrowable(() -> bodies.plain(thrown)));
    }
  }

  @BeforeEach
  void open() {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "taskExecutor");
              beans.registerBean(Bodies.class, () -> bodies);
              beans.registerBean(Callers.class);
            });
    actions = context.getBean(Bodies.class);
    callers = context.getBean(Callers.class);
  }

  @Test
  void aCompletionExceptionOfAnActionReachesItsCaller() {
    assertThatThrownBy(() -> actions.throwing(wrapped)).isSameAs(wrapped);
  }

  @Test
  void aCompletionExceptionOfAPlainCallReachesItsAction() throws Exception {
    assertThat(Waiting.get(callers.ofPlain(wrapped))).isSameAs(wrapped);
  }

  @Test
  void anInterruptedCallerStaysInterrupted() throws Exception {
    AtomicBoolean status = new AtomicBoolean();

    Throwable thrown = interrupting(actions::endless, status);

    assertThat(thrown)
        .isInstanceOfSatisfying(
            FermataException.class,
            failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED))
        .hasMessageContaining("endless")
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(status).isTrue();
  }

  @Test
  void whereItIsDeclaredAnInterruptedCallerGetsItsException() throws Exception {
    AtomicBoolean status = new AtomicBoolean();

    assertThat(interrupting(actions::endlessDeclared, status))
        .isInstanceOf(InterruptedException.class);
    assertThat(status).isFalse();
  }

  /** What a call throws whose thread is interrupted, and whether it is interrupted then. */
  private Throwable interrupting(ThrowingCallable call, AtomicBoolean status) throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              thrown.set(catchThrowable(call));
              status.set(Thread.currentThread().isInterrupted());
            });
    caller.start();
    bodies.begun.await();
    caller.interrupt();
    caller.join(Waiting.LIMIT.toMillis());
    return thrown.get();
  }
}
