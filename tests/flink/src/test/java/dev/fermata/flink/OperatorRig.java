// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import dev.fermata.flink.internal.DurableOperatorFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.operators.testutils.MockInputSplitProvider;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage;
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
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/**
 * One subtask of the operator in Flink's harness. The test is the mailbox thread: it feeds elements
 * (key, number) and runs mails.
 */
final class OperatorRig implements AutoCloseable {
  static final TypeInformation<Tuple2<String, Integer>> ELEMENT =
      TypeInformation.of(new TypeHint<Tuple2<String, Integer>>() {});

  static final int MAX_PARALLELISM = 128;

  private static final int MAX_CHECKPOINT_BYTES = 64 << 20;

  private static final Configuration BACKEND = new Configuration();

  private static final OperatorID OPERATOR = new OperatorID();

  final OneInputStreamOperatorTestHarness<Tuple2<String, Integer>, String> harness;
  private final MockEnvironment environment;

  private final KeyGroupRange keyGroups;

  private OperatorRig(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      DurableOptions<Tuple2<String, Integer>> options,
      JobID job,
      int parallelism,
      int subtask)
      throws Exception {
    environment =
        new MockEnvironmentBuilder()
            .setJobID(job)
            .setTaskName("MockTask")
            .setManagedMemorySize(3 << 20)
            .setInputSplitProvider(new MockInputSplitProvider())
            .setMaxParallelism(MAX_PARALLELISM)
            .setParallelism(parallelism)
            .setSubtaskIndex(subtask)
            .build();
    harness =
        new OneInputStreamOperatorTestHarness<>(
            new ImmediateMails<>(
                new DurableOperatorFactory<>(function, options.resolve(new Configuration())),
                this::mailbox),
            environment);
    keyGroups =
        KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
            MAX_PARALLELISM, parallelism, subtask);
    harness.setStateBackend(
        StateBackendLoader.loadStateBackendFromConfig(
            BACKEND, OperatorRig.class.getClassLoader(), null));
    harness.setCheckpointStorage(new JobManagerCheckpointStorage(MAX_CHECKPOINT_BYTES));
    SerializerConfig config = harness.getExecutionConfig().getSerializerConfig();
    TypeSerializer<String> output = Types.STRING.createSerializer(config);
    KeySelector<Tuple2<String, Integer>, String> key = element -> element.f0;
    harness.getStreamConfig().setOperatorID(OPERATOR);
    harness.getStreamConfig().setStatePartitioner(0, key);
    harness.getStreamConfig().setStateKeySerializer(Types.STRING.createSerializer(config));
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
    return restore(function, options, null);
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
    return restore(function, options, new JobID(), 0, state, oldParallelism, parallelism, subtask);
  }

  /** As an attempt of a job, which restores a checkpoint of this id if there is a state. */
  static OperatorRig restore(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      DurableOptions<Tuple2<String, Integer>> options,
      JobID job,
      long checkpoint,
      OperatorSubtaskState state,
      int oldParallelism,
      int parallelism,
      int subtask)
      throws Exception {
    OperatorRig rig = new OperatorRig(function, options, job, parallelism, subtask);
    if (state != null) {
      rig.harness.setRestoredCheckpointId(checkpoint);
      rig.harness.initializeState(
          AbstractStreamOperatorTestHarness.repartitionOperatorState(
              state, MAX_PARALLELISM, oldParallelism, parallelism, subtask));
    }
    try {
      rig.harness.open();
    } catch (Exception failed) {
      rig.close();
      throw failed;
    }
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
      environment.close();
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
