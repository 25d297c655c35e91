// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operator among other things of a task manager: how it is woken, how it ends. */
@Timeout(60)
class CloseTest {
  private static final int ELEMENTS = 1_000;

  @Test
  void cancelEndsAThousandSuspendedElementsAndNoneReachesState() throws Exception {
    ValueStateDescriptor<Integer> state = new ValueStateDescriptor<>("state", Types.INT);
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger unwound = new AtomicInteger();
    List<String> refusals = new CopyOnWriteArrayList<>();
    OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              try {
                context.call(
                    "never",
                    String.class,
                    () -> {
                      never.await();
                      return "";
                    });
              } finally {
                unwound.incrementAndGet();
                try {
                  context.getState(state).update(1);
                } catch (IllegalStateException refused) {
                  refusals.add(refused.getMessage());
                }
              }
            },
            OperatorRig.options().capacity(ELEMENTS));
    for (int i = 0; i < ELEMENTS; i++) {
      rig.send("k" + i, i, i);
    }
    rig.close();

    assertThat(unwound).hasValue(ELEMENTS);
    assertThat(refusals).hasSize(ELEMENTS).allMatch(refusal -> refusal.contains("was closed"));
  }

  @Test
  void aBurstOfCompletionsIsOneMailAndNothingPolls() throws Exception {
    int calls = 20;
    CountDownLatch begun = new CountDownLatch(calls);
    CountDownLatch go = new CountDownLatch(1);
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) ->
                out.collect(
                    context.call(
                        "call",
                        String.class,
                        () -> {
                          begun.countDown();
                          go.await();
                          return "done";
                        })))) {
      for (int i = 0; i < calls; i++) {
        rig.send("k" + i, i, i);
      }
      begun.await();
      assertThat(rig.harness.getTaskMailbox().size()).as("mails while calls are pending").isZero();

      go.countDown();
      awaitNoneRunning();
      assertThat(rig.harness.getTaskMailbox().size()).as("mails after the burst").isEqualTo(1);
      rig.runNextMail();
      assertThat(rig.output()).hasSize(calls);
    }
  }

  /** Waits, by JMX, until no worker runs a call. */
  private static void awaitNoneRunning() throws Exception {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    ObjectName executor =
        server.queryNames(new ObjectName("dev.fermata:type=Executor,*"), null).iterator().next();
    while ((long) server.getAttribute(executor, "RunningCalls") > 0
        || (long) server.getAttribute(executor, "QueuedCalls") > 0) {
      Thread.onSpinWait();
    }
  }
}
