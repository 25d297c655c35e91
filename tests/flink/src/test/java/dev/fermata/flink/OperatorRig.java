// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import dev.fermata.flink.internal.DurableOperatorFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributes;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/**
 * One subtask of the operator in Flink's harness. The test is the mailbox thread: it feeds elements
 * (key, number) and runs mails.
 */
final class OperatorRig implements AutoCloseable {
  static final TypeInformation<Tuple2<String, Integer>> ELEMENT =
      TypeInformation.of(new TypeHint<Tuple2<String, Integer>>() {});

  static final int MAX_PARALLELISM = 128;

  private static final Configuration BACKEND = new Configuration();

  final KeyedOneInputStreamOperatorTestHarness<String, Tuple2<String, Integer>, String> harness;

  private KeyGroupRange keyGroups;

  private OperatorRig(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      DurableOptions<Tuple2<String, Integer>> options,
      int parallelism,
      int subtask)
      throws Exception {
    harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new ImmediateMails<>(
                new DurableOperatorFactory<>(function, options.resolve(new Configuration())),
                this::mailbox),
            element -> element.f0,
            Types.STRING,
            MAX_PARALLELISM,
            parallelism,
            subtask);
    harness.setStateBackend(
        StateBackendLoader.loadStateBackendFromConfig(
            BACKEND, OperatorRig.class.getClassLoader(), null));
    SerializerConfig config = harness.getExecutionConfig().getSerializerConfig();
    TypeSerializer<String> output = Types.STRING.createSerializer(config);
    harness.getStreamConfig().setupNetworkInputs(ELEMENT.createSerializer(config));
    harness.getStreamConfig().setTypeSerializerOut(output);
    harness.getStreamConfig().serializeAllConfigs();
    harness.setup(output);
  }

  /** Chooses where rigs made from now on keep keyed state. */
  static void useStateBackend(String name) {
    BACKEND.set(StateBackendOptions.STATE_BACKEND, name);
  }

  static DurableOptions<Tuple2<String, Integer>> options() {
    return DurableOptions.<Tuple2<String, Integer>>create().asyncThreads(64);
  }

  static OperatorRig open(DurableFunction<String, Tuple2<String, Integer>, String> function)
      throws Exception {
    return open(function, options());
  }

  static OperatorRig open(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      DurableOptions<Tuple2<String, Integer>> options)
      throws Exception {
    OperatorRig rig = new OperatorRig(function, options, 1, 0);
    rig.harness.open();
    return rig;
  }

  static OperatorRig restore(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      DurableOptions<Tuple2<String, Integer>> options,
      OperatorSubtaskState state)
      throws Exception {
    return restore(function, options, state, 1, 1, 0);
  }

  static OperatorRig restore(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      DurableOptions<Tuple2<String, Integer>> options,
      OperatorSubtaskState state,
      int oldParallelism,
      int parallelism,
      int subtask)
      throws Exception {
    OperatorRig rig = new OperatorRig(function, options, parallelism, subtask);
    rig.keyGroups =
        KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
            MAX_PARALLELISM, parallelism, subtask);
    if (state != null) {
      rig.harness.initializeState(
          AbstractStreamOperatorTestHarness.repartitionOperatorState(
              state, MAX_PARALLELISM, oldParallelism, parallelism, subtask));
    }
    rig.harness.open();
    return rig;
  }

  OperatorRig send(String key, int number, long timestamp) throws Exception {
    harness.processElement(new StreamRecord<>(Tuple2.of(key, number), timestamp));
    return this;
  }

  OperatorRig watermark(long timestamp) throws Exception {
    harness.processWatermark(timestamp);
    return this;
  }

  private TaskMailbox mailbox() {
    return harness.getTaskMailbox();
  }

  boolean ownsKey(String key) {
    return keyGroups.contains(KeyGroupRangeAssignment.assignToKeyGroup(key, MAX_PARALLELISM));
  }

  /** Runs mails, waiting for them, until the condition holds. */
  void runUntil(BooleanSupplier condition) throws Exception {
    while (!condition.getAsBoolean()) {
      runNextMail();
    }
  }

  /** Waits for a mail and runs it. */
  void runNextMail() throws Exception {
    harness.getTaskMailbox().take(TaskMailbox.MIN_PRIORITY).run();
  }

  /** Runs the mails that are there. */
  void runMails() throws Exception {
    while (harness.getTaskMailbox().hasMail()) {
      runNextMail();
    }
  }

  void runUntilOutput(int records) throws Exception {
    runUntil(() -> harness.getOutput().size() >= records);
  }

  /**
   * The output in order: values, {@code W<timestamp>} for a watermark, {@code L} for a latency
   * marker, {@code IDLE} and {@code ACTIVE} for the status of watermarks, {@code BACKLOG} and
   * {@code NO_BACKLOG} for attributes of records.
   */
  List<String> output() {
    List<String> output = new ArrayList<>();
    for (Object sent : harness.getOutput()) {
      if (sent instanceof Watermark) {
        output.add("W" + ((Watermark) sent).getTimestamp());
      } else if (sent instanceof LatencyMarker) {
        output.add("L");
      } else if (sent instanceof WatermarkStatus) {
        output.add(((WatermarkStatus) sent).isIdle() ? "IDLE" : "ACTIVE");
      } else if (sent instanceof RecordAttributes) {
        output.add(((RecordAttributes) sent).isBacklog() ? "BACKLOG" : "NO_BACKLOG");
      } else {
        output.add(((StreamRecord<?>) sent).getValue().toString());
      }
    }
    return output;
  }

  OperatorSubtaskState snapshot() throws Exception {
    return harness.snapshot(1, 1);
  }

  @Override
  public void close() {
    try {
      harness.close();
    } catch (Exception failed) {
      throw new AssertionError("the operator does not close", failed);
    }
  }

  /**
   * Gives the operator a mailbox executor that runs mails as a task does. That of the harness runs
   * them under a lock; an owner that holds a monitor must not resume actions.
   */
  private static final class ImmediateMails<IN, OUT> extends AbstractStreamOperatorFactory<OUT>
      implements OneInputStreamOperatorFactory<IN, OUT> {
    private static final long serialVersionUID = 1L;

    private final DurableOperatorFactory<?, IN, OUT> factory;
    private final transient Supplier<TaskMailbox> mailbox;

    ImmediateMails(DurableOperatorFactory<?, IN, OUT> factory, Supplier<TaskMailbox> mailbox) {
      this.factory = factory;
      this.mailbox = mailbox;
    }

    @Override
    public <T extends StreamOperator<OUT>> T createStreamOperator(
        StreamOperatorParameters<OUT> parameters) {
      factory.setProcessingTimeService(processingTimeService);
      return factory.createStreamOperator(
          new StreamOperatorParameters<>(
              parameters.getContainingTask(),
              parameters.getStreamConfig(),
              parameters.getOutput(),
              () -> processingTimeService,
              parameters.getOperatorEventDispatcher(),
              new MailboxExecutorImpl(
                  mailbox.get(), TaskMailbox.MIN_PRIORITY, StreamTaskActionExecutor.IMMEDIATE)));
    }

    @Override
    @SuppressWarnings("rawtypes")
    public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
      return factory.getStreamOperatorClass(classLoader);
    }
  }
}
