// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.checkpoint.AbstractCheckpointStats;
import org.apache.flink.runtime.checkpoint.CheckpointStatsStatus;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;

/**
 * A job on a Flink cluster inside this JVM, with checkpoints: the reviews are a stream, and each
 * subtask of what triages them is an owner.
 */
abstract class FlinkEngine implements Engine {
  private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(1);
  private static final int CHECKPOINTS_KEPT = 10_000;

  private final int parallelism;

  FlinkEngine(int parallelism) {
    this.parallelism = parallelism;
  }

  /**
   * The part of the job that triages.
   *
   * @param watch to be told of each owner and each review that is done
   */
  abstract DataStream<TriagedReview> triage(DataStream<Review> reviews, RunWatch watch);

  @Override
  public String title() {
    return "Flink " + EnvironmentInformation.getVersion();
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT,
        "%s on a cluster in this process: parallelism %d, a checkpoint every %d s",
        title(),
        parallelism,
        CHECKPOINT_INTERVAL.toSeconds());
  }

  @Override
  public List<String> owners() {
    return IntStream.rangeClosed(1, parallelism)
        .mapToObj(subtask -> "subtask " + subtask)
        .collect(Collectors.toList());
  }

  @Override
  public TriageRun run(List<Review> reviews, Runnable done)
      throws ExecutionException, InterruptedException {
    try {
      MiniCluster cluster = start();
      try (RunWatch watch = new RunWatch(done)) {
        return run(reviews, cluster, watch);
      } finally {
        cluster.close();
      }
    } catch (ExecutionException | InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new ExecutionException("the Flink job failed: " + e.getMessage(), e);
    }
  }

  private TriageRun run(List<Review> reviews, MiniCluster cluster, RunWatch watch)
      throws Exception {
    StreamExecutionEnvironment environment = connect(cluster);
    CloseableIterator<TriagedReview> collected =
        triage(environment.fromData(reviews, Types.GENERIC(Review.class)), watch).collectAsync();
    JobClient job = environment.executeAsync("review triage");
    List<TriagedReview> results = new ArrayList<>();
    collected.forEachRemaining(results::add);
    job.getJobExecutionResult().get();
    return watch.stop(results, checkpoints(cluster, job.getJobID(), watch));
  }

  private MiniCluster start() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(WebOptions.CHECKPOINTS_HISTORY_SIZE, CHECKPOINTS_KEPT);
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumSlotsPerTaskManager(parallelism)
                .withRandomPorts()
                .build());
    cluster.start();
    return cluster;
  }

  private StreamExecutionEnvironment connect(MiniCluster cluster)
      throws ExecutionException, InterruptedException {
    Configuration job = new Configuration();
    job.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINT_INTERVAL);
    // At capacity barriers would otherwise wait for all the records that came before them.
    job.set(CheckpointingOptions.ENABLE_UNALIGNED, true);
    job.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    URI address = cluster.getRestAddress().get();
    return StreamExecutionEnvironment.createRemoteEnvironment(
            address.getHost(), address.getPort(), job)
        .setParallelism(parallelism);
  }

  private static List<TriageRun.Checkpoint> checkpoints(
      MiniCluster cluster, JobID job, RunWatch watch)
      throws ExecutionException, InterruptedException {
    return cluster
        .getExecutionGraph(job)
        .get()
        .getCheckpointStatsSnapshot()
        .getHistory()
        .getCheckpoints()
        .stream()
        .filter(checkpoint -> checkpoint.getStatus() == CheckpointStatsStatus.COMPLETED)
        .sorted(Comparator.comparingLong(AbstractCheckpointStats::getCheckpointId))
        .map(
            checkpoint ->
                new TriageRun.Checkpoint(
                    watch.nanoTime(checkpoint.getTriggerTimestamp()),
                    watch.nanoTime(checkpoint.getLatestAckTimestamp()),
                    checkpoint.getStateSize()))
        .collect(Collectors.toList());
  }
}
