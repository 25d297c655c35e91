// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.flink.DurableContext;
import dev.fermata.flink.DurableFunction;
import dev.fermata.flink.DurableOptions;
import dev.fermata.flink.Fermata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The JVM of a job is killed (SIGKILL) between checkpoints, again and again, and the job restored
 * from its latest one, as a job with another id and another parallelism.
 */
@Timeout(120)
class JournalKillTest {
  private static final int KILLS = 2;
  private static final int KEYS = 20;
  private static final int ELEMENTS = 300;

  /** So the source cannot come to its end before there are checkpoints, however slow they are. */
  private static final int PER_CHECKPOINT = 60;

  @TempDir private Path folder;

  @Test
  void noCallIsMadeAgainWhoseResultAFunctionHasSeen() throws Exception {
    try (CallServerProcess server = new CallServerProcess()) {
      for (int kill = 1; kill <= KILLS; kill++) {
        // It cannot end before it is killed.
        Process job = start(server.port(), kill, kill * ELEMENTS / (KILLS + 1));
        CallServerProcess.ask(server.port(), "await " + ELEMENTS / 2 + " 1");
        job.destroyForcibly().waitFor();
      }
      assertThat(start(server.port(), KILLS + 1, ELEMENTS).waitFor()).isZero();

      assertThat(CallServerProcess.ask(server.port(), "distinct")).isEqualTo(2 * ELEMENTS);
      assertThat(CallServerProcess.ask(server.port(), "again")).isZero();
    }
  }

  /** Starts the job; its first so many elements make their calls, and those of others never end. */
  private Process start(int port, int parallelism, int elements) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("--add-opens=java.base/java.util=ALL-UNNAMED");
    command.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Job.class.getName());
    command.add(String.valueOf(port));
    command.add(String.valueOf(parallelism));
    command.add(folder.toString());
    command.add(String.valueOf(elements));
    checkpoint().ifPresent(latest -> command.add(latest.toUri().toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("output-" + parallelism).toFile())
        .start();
  }

  /** The latest checkpoint that has completed. */
  private Optional<Path> checkpoint() throws IOException {
    Path checkpoints = folder.resolve("checkpoints");
    if (!Files.exists(checkpoints)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.walk(checkpoints)) {
      return files
          .filter(file -> file.endsWith("_metadata"))
          .map(Path::getParent)
          .max(Comparator.comparingLong(JournalKillTest::number));
    }
  }

  private static long number(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().replace("chk-", ""));
  }

  /** The job, in a JVM of its own. */
  public static final class Job {
    private Job() {}

    /**
     * Runs the job to its end.
     *
     * @param arguments port of the server, parallelism, folder, how many elements make their calls,
     *     perhaps a checkpoint to restore
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
      Path folder = Path.of(arguments[2]);
      Configuration config = new Configuration();
      config.setString("restart-strategy.type", "none");
      config.setString("execution.checkpointing.interval", "500 ms");
      config.setString(
          "execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
      config.setString(
          "execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString());
      config.setString("fermata.journal.folder", folder.resolve("journal").toString());
      if (arguments.length > 4) {
        config.setString("execution.state-recovery.path", arguments[4]);
      }
      StreamExecutionEnvironment environment =
          StreamExecutionEnvironment.createLocalEnvironment(Integer.parseInt(arguments[1]), config);
      environment.setMaxParallelism(KEYS);
      DataGeneratorSource<Long> numbers =
          new DataGeneratorSource<>(
              number -> number,
              ELEMENTS,
              RateLimiterStrategy.perCheckpoint(PER_CHECKPOINT),
              Types.LONG);
      Fermata.process(
              environment
                  .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
                  .uid("numbers")
                  .setParallelism(1)
                  .keyBy(number -> number % KEYS),
              new TwoCalls(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[3])),
              Types.LONG,
              DurableOptions.<Long>create().asyncThreads(ELEMENTS))
          .uid("calls")
          .sinkTo(new DiscardingSink<>())
          .uid("sink");
      environment.execute("killed on purpose");
    }
  }

  /** Makes two calls, and tells the server when it has their results. */
  private static final class TwoCalls
      implements DurableFunction<Long, Long, Long>, CheckpointListener {
    private static final long serialVersionUID = 1L;
    private final int port;
    private final int elements;

    TwoCalls(int port, int elements) {
      this.port = port;
      this.elements = elements;
    }

    @Override
    public void process(Long number, DurableContext<Long> context, Collector<Long> out)
        throws Exception {
      for (String call : List.of("first", "second")) {
        String id = number + "-" + call;
        context.call(call, Integer.class, () -> make(number, id));
        CallServerProcess.ask(port, "seen " + id);
      }
      out.collect(number);
    }

    private int make(long number, String id) throws Exception {
      if (number >= elements) {
        new CountDownLatch(1).await();
      }
      return CallServerProcess.ask(port, id);
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
      CallServerProcess.ask(port, "checkpoint");
    }
  }
}
