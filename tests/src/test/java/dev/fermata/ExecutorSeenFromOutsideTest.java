// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import io.micrometer.context.ContextRegistry;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;

/**
 * One action that waits for one call, as JMX, the flight recorder and its own surroundings show it.
 */
class ExecutorSeenFromOutsideTest {
  private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();
  private static final ThreadLocal<String> TENANT = new ThreadLocal<>();

  private final ContinuationContext context = new ContinuationContext();
  private final CountDownLatch answer = new CountDownLatch(1);

  @TempDir private Path folder;

  @AfterEach
  void clear() {
    answer.countDown();
    ContextRegistry.getInstance().removeThreadLocalAccessor("tenant");
    TENANT.remove();
    MDC.clear();
  }

  @ParameterizedTest
  @EnumSource(OwnerKind.class)
  void jmxShowsASuspendedActionWithItsStackAndCountsItsCall(OwnerKind kind) throws Exception {
    ObjectName name = new ObjectName("dev.fermata:type=Executor,name=outside-" + kind);
    try (ContinuationActionExecutor executor = executor(kind)) {
      FermataExecutorMXBean bean = JMX.newMXBeanProxy(SERVER, name, FermataExecutorMXBean.class);
      assertThat(bean.getStrategy()).isEqualTo(executor.strategy().name());

      assertThat(executor.executeAction(context, () -> askTheModel(executor))).isFalse();
      assertThat(bean.getSuspendedActions()).isEqualTo(1);
      assertThat(bean.getInFlightCalls()).isEqualTo(1);
      assertThat(bean.getStartedActions()).isEqualTo(1);
      assertThat(executor.metrics().getName()).isEqualTo(bean.getName());
      assertThat(executor.metrics().getSuspendedActions()).isEqualTo(1);
      List<SuspendedAction> dump = bean.dumpSuspendedActions(10);
      assertThat(dump).hasSize(1);
      assertThat(dump.get(0).getName()).contains(getClass().getSimpleName());
      assertThat(dump.get(0).getWaitsFor()).isNotBlank();
      assertThat(dump.get(0).getStack()).anyMatch(frame -> frame.contains("askTheModel"));

      assertThat(executor.awaitReady(Duration.ZERO)).as("ready before the answer").isFalse();
      finish(executor);
      assertThat(bean.dumpSuspendedActions(10)).isEmpty();
      assertThat(bean.getSuspendedActions()).isZero();
      assertThat(bean.getInFlightCalls()).isZero();
      assertThat(bean.getCompletedCalls()).isEqualTo(1);
      assertThat(bean.getFinishedActions()).isEqualTo(1);
      assertThat(bean.getSuspensions()).isEqualTo(1);
      assertThat(bean.getWaitTimes().getCount()).isEqualTo(1);
      assertThat(bean.getWakeUps()).isEqualTo(1);
    }
    assertThat(SERVER.isRegistered(name)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(OwnerKind.class)
  void theFlightRecorderShowsTheWaitTheSlicesAndTheCall(OwnerKind kind) throws Exception {
    Path file = folder.resolve("recording.jfr");
    Strategy strategy;
    try (Recording recording = new Recording()) {
      recording.start();
      try (ContinuationActionExecutor executor = executor(kind)) {
        strategy = executor.strategy();
        assertThat(executor.executeAction(context, () -> askTheModel(executor))).isFalse();
        finish(executor);
      }
      recording.stop();
      recording.dump(file);
    }

    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertThat(named(events, "dev.fermata.Call")).hasSize(1);
    // JDK 25 may drop the first event of a thread that has just carried a virtual one (see
    // FlightEvents.resume).
    int certainSlices = strategy == Strategy.VIRTUAL ? 1 : 2;
    assertThat(named(events, "dev.fermata.Resume")).hasSizeBetween(certainSlices, 2);
    List<RecordedEvent> waits = named(events, "dev.fermata.Suspend");
    assertThat(waits).hasSize(1);
    assertThat(waits.get(0).getStackTrace().getFrames())
        .extracting(frame -> frame.getMethod().getName())
        .contains("askTheModel");
  }

  @ParameterizedTest
  @EnumSource(OwnerKind.class)
  void itsSurroundingsFollowTheActionAndItsCallAndLeaveTheOwnerAlone(OwnerKind kind)
      throws Exception {
    ContextRegistry.getInstance().registerThreadLocalAccessor("tenant", TENANT);
    List<String> seen = new ArrayList<>();
    try (ContinuationActionExecutor executor = executor(kind)) {
      MDC.put("action", "a1");
      TENANT.set("blue");
      assertThat(
              executor.executeAction(
                  context,
                  () -> {
                    seen.add("start " + surroundings());
                    MDC.put("action", "a2");
                    seen.add("call " + executor.executeAsync(context, this::awaitAnswer));
                    seen.add("end " + surroundings());
                  }))
          .isFalse();
      assertThat(surroundings()).isEqualTo("a1 blue");
      MDC.clear();
      TENANT.set("red");

      finish(executor);
      assertThat(seen).containsExactly("start a1 blue", "call a2 blue", "end a2 blue");
      assertThat(surroundings()).isEqualTo("null red");
    }
  }

  private ContinuationActionExecutor executor(OwnerKind kind) {
    return ContinuationActionExecutor.builder()
        .ownerKind(kind)
        .threadName("outside-" + kind)
        .asyncThreads(1)
        .build();
  }

  private void askTheModel(ContinuationActionExecutor executor) {
    executor.executeAsync(context, this::awaitAnswer);
  }

  private String awaitAnswer() {
    try {
      answer.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return surroundings();
  }

  private static String surroundings() {
    return MDC.get("action") + " " + TENANT.get();
  }

  private void finish(ContinuationActionExecutor executor) throws InterruptedException {
    answer.countDown();
    assertThat(executor.awaitReady(Duration.ofSeconds(30))).isTrue();
    assertThat(executor.drainReady()).containsExactly(context);
    assertThat(executor.executeAction(context, () -> {})).isTrue();
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .collect(Collectors.toList());
  }
}
