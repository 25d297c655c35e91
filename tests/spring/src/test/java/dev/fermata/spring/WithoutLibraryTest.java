// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** All behaviour of tasks and actions, in a process that has no native library. */
@Timeout(value = 200, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WithoutLibraryTest {
  @Test
  void theOutcomeIsTheSame() throws Exception {
    List<String> lines = new SpringProcess().with("-Dfermata.native=off").run(Program.class);

    assertThat(lines)
        .anyMatch(line -> line.equals("INLINE"))
        .anyMatch(line -> line.matches("passed [1-9]\\d\\d+, failed 0"));
  }

  /** Runs the other tests of this package. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      FermataTaskExecutor executor = new FermataTaskExecutor();
      executor.initialize();
      System.out.println(executor.strategy());
      executor.shutdown();
      LauncherDiscoveryRequest request =
          LauncherDiscoveryRequestBuilder.request()
              .selectors(selectPackage(Program.class.getPackageName()))
              .filters(includeClassNamePatterns(".*\\.(AsyncBehaviour|Action)\\w*Test"))
              .build();
      SummaryGeneratingListener listener = new SummaryGeneratingListener();
      LauncherFactory.create().execute(request, listener);
      TestExecutionSummary summary = listener.getSummary();
      summary.printFailuresTo(new PrintWriter(System.out, true), 30);
      System.out.println(
          "passed "
              + summary.getTestsSucceededCount()
              + ", failed "
              + summary.getTotalFailureCount());
      System.exit(summary.getTotalFailureCount() == 0 ? 0 : 1);
    }
  }
}
