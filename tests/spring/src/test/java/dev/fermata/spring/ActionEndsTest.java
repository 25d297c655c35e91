// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.annotation.Async;

/** Actions that are cut off: what becomes of their calls, their place and those beside them. */
class ActionEndsTest extends OnFermata {
  private final Gate running = new Gate();

  static class Remote {
    final Gate running = new Gate();
    final Gate never = new Gate();
    final Gate interrupted = new Gate();

    @Async
    public String slow() {
      running.open();
      if (never.awaitInterrupt()) {
        interrupted.open();
      }
      return "late";
    }
  }

  static class Actions {
    private final Remote remote;

    Actions(Remote remote) {
      this.remote = remote;
    }

    @Action
    public CompletableFuture<String> waiting() {
      return CompletableFuture.completedFuture(remote.slow());
    }
  }

  @Test
  void cancellingAnActionInterruptsThePlainCallThatItWaitsFor() {
    Remote remote = new Remote();
    Actions actions =
        context(
                beans -> {
                  executor(beans, "taskExecutor");
                  beans.registerBean(Remote.class, () -> remote);
                  beans.registerBean(Actions.class);
                })
            .getBean(Actions.class);
    CompletableFuture<String> future = actions.waiting();
    remote.running.await();

    assertThat(future.cancel(true)).isTrue();

    remote.interrupted.await();
  }

  @Test
  void aCancelledActionKeepsItsPlaceUntilItsBodyEnds() {
    FermataTaskExecutor executor = fermata();
    executor.setMaxActions(1);
    opened(executor);
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Object> stubborn = executor.submitAction(() -> spin(stop));
    running.await();
    try {
      assertThat(stubborn.cancel(true)).isTrue();

      assertTimeoutPreemptively(
          Waiting.LIMIT.dividedBy(2),
          () ->
              assertThatThrownBy(() -> executor.submitAction(() -> "more"))
                  .isInstanceOf(TaskRejectedException.class));
    } finally {
      stop.set(true);
    }
    Waiting.until("there is room again", () -> isAccepted(executor));
  }

  /** As a pool does: before it returns, whatever takes longer to end. */
  @Test
  void shutdownInterruptsTasksBesideAnActionThatDoesNotEnd() {
    FermataTaskExecutor executor = fermata();
    executor.setTasks(TaskMode.CALL);
    opened(executor);
    AtomicBoolean stop = new AtomicBoolean();
    AtomicReference<Thread> thread = new AtomicReference<>();
    executor.submitAction(() -> spin(stop));
    running.await();
    Gate taskRunning = new Gate();
    executor.execute(
        () -> {
          thread.set(Thread.currentThread());
          taskRunning.open();
          spin(stop);
        });
    taskRunning.await();
    try {
      executor.shutdown();

      assertThat(thread.get().isInterrupted()).isTrue();
      assertThat(executor.getActiveCount()).isEqualTo(2);
    } finally {
      stop.set(true);
    }
  }

  /** Neither waits nor looks at interrupts. */
  private Object spin(AtomicBoolean stop) {
    running.open();
    while (!stop.get()) {
      Thread.onSpinWait();
    }
    return null;
  }

  private FermataTaskExecutor fermata() {
    FermataTaskExecutor executor = (FermataTaskExecutor) kind.executor(THREADS, QUEUE, null);
    executor.setLoops(1);
    return executor;
  }

  private static boolean isAccepted(FermataTaskExecutor executor) {
    try {
      executor.submitAction(() -> "more");
      return true;
    } catch (TaskRejectedException full) {
      return false;
    }
  }
}
