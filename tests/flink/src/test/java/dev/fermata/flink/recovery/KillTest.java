// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.flink.DurableContext;
import dev.fermata.flink.DurableFunction;
import dev.fermata.flink.DurableOptions;
import dev.fermata.flink.Fermata;
import dev.fermata.flink.recovery.FailurePlan.Point;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AbstractRichFunction;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job is killed fifty times, twelve on the older JDKs, with a thousand elements in flight; nobody
 * can tell afterwards.
 */
@Timeout(600)
class KillTest {

  /** More than there is time for: the stream ends soon after the last failure. */
  private static final int MOST_ELEMENTS = 2_000_000;

  private static final int KEYS = 5_000;
  private static final int IN_FLIGHT = 1_000;

  /** So many elements are asleep while failures are to come: their time over their distance. */
  private static final Duration SLEEP = Duration.ofMillis(6_500);

  private static final Duration DISTANCE = Duration.ofMillis(5);
  private static final int FAILURES = 50 / Integer.getInteger("fermata.test.divisor", 1);
  private static final int PARALLELISM = 2;

  /** What all attempts of the job share with the test. */
  private static FailurePlan plan;

  private static final Set<String> durable = ConcurrentHashMap.newKeySet();
  private static final Set<String> madeAgain = ConcurrentHashMap.newKeySet();
  private static final AtomicInteger replayed = new AtomicInteger();

  /** By subtask, how many elements have begun and are not done. */
  private static final Map<Integer, Integer> inFlight = new ConcurrentHashMap<>();

  /** Each JDK has one of two seeds on one of two backends: fifty take more than a minute. */
  private static final int JDK = Runtime.version().feature();

  private static final long SEED = JDK < 21 ? 1 : 2;
  private static final String BACKEND = JDK == 17 || JDK == 25 ? "rocksdb" : "hashmap";

  @TempDir private Path folder;

  @Test
  void everyElementComesOutOnceAndNoRecordedCallIsMadeAgain() throws Exception {
    plan = new FailurePlan(SEED, FAILURES);
    int total;
    try (CallServerProcess server = new CallServerProcess()) {
      run(server.port());
      assertThat(CallServerProcess.ask(server.port(), "distinct"))
          .isEqualTo((int) (2 * plan.elements()));
      total = CallServerProcess.ask(server.port(), "total");
    }

    assertThat(plan.struck()).as("failures").isEqualTo(FAILURES);
    assertThat(replayed).as("calls replayed").hasValueGreaterThanOrEqualTo(4 * FAILURES);
    assertThat(madeAgain).as("calls made again although a completed checkpoint had them").isEmpty();
    assertThat(total).as("calls made").isGreaterThan((int) (2 * plan.elements()));
    assertEveryElementOnceInOrder();
  }

  private void run(int port) throws Exception {
    Configuration config = new Configuration();
    Map<String, String> settings =
        Map.of(
            "state.backend.type", BACKEND,
            "restart-strategy.type", "fixed-delay",
            "restart-strategy.fixed-delay.attempts", "1000",
            "restart-strategy.fixed-delay.delay", "1 ms",
            "execution.checkpointing.interval", "100 ms",
            "execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString(),
            "fermata.capacity", Integer.toString(2 * IN_FLIGHT),
            "fermata.num-async-threads", "16");
    settings.forEach(config::setString);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, config);
    DataGeneratorSource<Long> numbers =
        new DataGeneratorSource<>(
            number -> {
              if (!plan.isOver()) {
                LockSupport.parkNanos(DISTANCE.toNanos());
              }
              return number;
            },
            MOST_ELEMENTS,
            Types.LONG);
    Fermata.process(
            environment
                .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
                .setParallelism(1)
                .filter(number -> plan.admits(number))
                .setParallelism(1)
                .keyBy(number -> number % KEYS),
            new TwoCalls(port),
            Types.STRING,
            DurableOptions.create())
        .sinkTo(
            FileSink.forRowFormat(
                    new org.apache.flink.core.fs.Path(folder.resolve("output").toUri()),
                    new SimpleStringEncoder<String>())
                .withRollingPolicy(OnCheckpointRollingPolicy.build())
                .build());
    environment.execute("killed on purpose");
  }

  /** Each line: key, number of the element, how many of its key were processed with it. */
  private void assertEveryElementOnceInOrder() throws Exception {
    Set<String> expected = new HashSet<>();
    for (long number = 0; number < plan.elements(); number++) {
      expected.add(number % KEYS + " " + number + " " + (number / KEYS + 1));
    }
    try (Stream<Path> files = Files.walk(folder.resolve("output"))) {
      List<Path> committed =
          files
              .filter(Files::isRegularFile)
              .filter(file -> file.getFileName().toString().startsWith("part-"))
              .collect(Collectors.toList());
      List<String> lines = committed.stream().flatMap(KillTest::lines).collect(Collectors.toList());
      assertThat(lines).containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      Map<String, Long> latest = new HashMap<>();
      for (String line : lines) {
        String[] fields = line.split(" ");
        Long before = latest.put(fields[0], Long.valueOf(fields[1]));
        assertThat(before == null || before < Long.parseLong(fields[1]))
            .as("order of key " + fields[0] + " in " + file)
            .isTrue();
      }
      return lines.stream();
    } catch (java.io.IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    }
  }

  /** Makes two calls with a sleep between, and counts the elements of its key. */
  private static final class TwoCalls extends AbstractRichFunction
      implements DurableFunction<Long, Long, String>, CheckpointedFunction, CheckpointListener {
    private static final long serialVersionUID = 1L;
    private final int port;
    private final ValueStateDescriptor<Integer> count =
        new ValueStateDescriptor<>("count", Types.INT);

    /** Calls whose results this attempt of this subtask has seen, and what checkpoints had. */
    private transient Set<String> seen;

    private transient Map<Long, Set<String>> seenAtCheckpoint;
    private transient int subtask;

    TwoCalls(int port) {
      this.port = port;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {
      seen = new HashSet<>();
      seenAtCheckpoint = new HashMap<>();
      subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      inFlight.put(subtask, 0);
      if (context.isRestored()) {
        plan.pass(Point.DURING_RESTORE);
      }
    }

    @Override
    public void process(Long number, DurableContext<Long> context, Collector<String> out)
        throws Exception {
      inFlight.merge(subtask, 1, Integer::sum);
      plan.pass(Point.BEFORE_CALL);
      call(context, number + "-first");
      plan.pass(Point.AFTER_CALL);
      context.sleep(plan.isOver() ? Duration.ZERO : SLEEP);
      ValueState<Integer> processed = context.getState(count);
      processed.update(processed.value() == null ? 1 : processed.value() + 1);
      call(context, number + "-second");
      out.collect(context.key() + " " + number + " " + processed.value());
      inFlight.merge(subtask, -1, Integer::sum);
    }

    private void call(DurableContext<Long> context, String id) {
      AtomicBoolean made = new AtomicBoolean();
      context.call(
          id.replaceAll(".*-", ""),
          Integer.class,
          () -> {
            made.set(true);
            if (durable.contains(id)) {
              madeAgain.add(id);
            }
            int answer = CallServerProcess.ask(port, id);
            plan.pass(Point.DURING_CALL);
            return answer;
          });
      if (!made.get()) {
        replayed.incrementAndGet();
      }
      seen.add(id);
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) {
      plan.pass(Point.DURING_CHECKPOINT);
      seenAtCheckpoint.put(context.getCheckpointId(), new HashSet<>(seen));
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      Set<String> recorded = seenAtCheckpoint.remove(checkpointId);
      if (recorded != null) {
        durable.addAll(recorded);
      }
      if (inFlight.values().stream().mapToInt(Integer::intValue).sum() >= IN_FLIGHT) {
        plan.arm();
      }
    }
  }
}
