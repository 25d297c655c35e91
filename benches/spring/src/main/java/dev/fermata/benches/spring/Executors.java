// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.spring;

import dev.fermata.spring.EnableFermata;
import dev.fermata.spring.FermataTaskExecutor;
import dev.fermata.spring.TaskMode;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * The contenders, by name: {@code pool-200}, Spring's executor with 200 threads for requests, as
 * Tomcat has, and 200 for calls; {@code pool-all}, with as many as there are requests and calls;
 * {@code virtual-threads}; {@code fermata-call}, whose calls hold a worker each; {@code
 * fermata-action}, whose calls are actions; {@code fermata-waits}, the same whose calls wait by
 * Fermata.
 */
@Configuration
@EnableAsync
@EnableFermata
public class Executors {
  static final String NAME = "executor";
  private static final int CALLS = 10_000;
  private static final int REQUESTS = 2_000;

  /** Called by Spring. */
  public Executors() {}

  static String name() {
    return System.getProperty(NAME);
  }

  @Bean
  AsyncTaskExecutor taskExecutor() {
    return made("calls-", CALLS);
  }

  @Bean
  AsyncTaskExecutor requestExecutor() {
    return made("requests-", REQUESTS);
  }

  private static AsyncTaskExecutor made(String prefix, int most) {
    switch (name()) {
      case "pool-200":
        return pool(prefix, 200);
      case "pool-all":
        return pool(prefix, most);
      case "virtual-threads":
        SimpleAsyncTaskExecutor virtual = new SimpleAsyncTaskExecutor(prefix);
        virtual.setVirtualThreads(true);
        return virtual;
      default:
        FermataTaskExecutor fermata = new FermataTaskExecutor();
        fermata.setThreadNamePrefix(prefix);
        fermata.setConcurrency(CALLS);
        // An action's place is free only a moment after its future is complete.
        fermata.setMaxActions(2 * CALLS);
        fermata.setTasks(name().equals("fermata-call") ? TaskMode.CALL : TaskMode.ACTION);
        return fermata;
    }
  }

  private static ThreadPoolTaskExecutor pool(String prefix, int threads) {
    ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
    pool.setThreadNamePrefix(prefix);
    pool.setCorePoolSize(threads);
    pool.setAllowCoreThreadTimeOut(true);
    return pool;
  }
}
