// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.spring.TaskMode;
import java.time.Duration;
import org.springframework.boot.context.properties.NestedConfigurationProperty;

/**
 * Properties of one executor; what they mean is {@link dev.fermata.spring.FermataTaskExecutor}'s.
 */
public class FermataExecutorProperties {
  /**
   * What a task holds while it runs: a worker thread of the engine (call), or none while it waits
   * (action).
   */
  private TaskMode tasks = TaskMode.CALL;

  /** Most worker threads of tasks, and of each loop; they start on demand. */
  private int concurrency = 256;

  /** Most tasks that wait for a worker, one more is rejected; for each loop as many calls. */
  private int queueCapacity = 65536;

  /** How long an idle worker thread stays. */
  private Duration keepAlive = Duration.ofSeconds(30);

  /** Most unfinished actions; one more is rejected. */
  private int maxActions = 10000;

  /** Threads that run actions, started with the first action; by default one for each processor. */
  private Integer loops;

  /** Begin of the names of threads; by default the name of the executor's bean and a hyphen. */
  private String threadNamePrefix;

  @NestedConfigurationProperty private final Shutdown shutdown = new Shutdown();

  public TaskMode getTasks() {
    return tasks;
  }

  public void setTasks(TaskMode tasks) {
    this.tasks = tasks;
  }

  public int getConcurrency() {
    return concurrency;
  }

  public void setConcurrency(int concurrency) {
    this.concurrency = concurrency;
  }

  public int getQueueCapacity() {
    return queueCapacity;
  }

  public void setQueueCapacity(int queueCapacity) {
    this.queueCapacity = queueCapacity;
  }

  public Duration getKeepAlive() {
    return keepAlive;
  }

  public void setKeepAlive(Duration keepAlive) {
    this.keepAlive = keepAlive;
  }

  public int getMaxActions() {
    return maxActions;
  }

  public void setMaxActions(int maxActions) {
    this.maxActions = maxActions;
  }

  public Integer getLoops() {
    return loops;
  }

  public void setLoops(Integer loops) {
    this.loops = loops;
  }

  public String getThreadNamePrefix() {
    return threadNamePrefix;
  }

  public void setThreadNamePrefix(String threadNamePrefix) {
    this.threadNamePrefix = threadNamePrefix;
  }

  public Shutdown getShutdown() {
    return shutdown;
  }

  /** What becomes of tasks when the application ends. */
  public static class Shutdown {
    /** Whether tasks that were accepted run to their end before the application ends. */
    private boolean awaitTermination;

    /** How long the end of the application waits for them at most. */
    private Duration awaitTerminationPeriod;

    public boolean isAwaitTermination() {
      return awaitTermination;
    }

    public void setAwaitTermination(boolean awaitTermination) {
      this.awaitTermination = awaitTermination;
    }

    public Duration getAwaitTerminationPeriod() {
      return awaitTerminationPeriod;
    }

    public void setAwaitTerminationPeriod(Duration awaitTerminationPeriod) {
      this.awaitTerminationPeriod = awaitTerminationPeriod;
    }
  }
}
