// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.loading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.testing.ObjectStorageServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fermata in several class loaders of one process, as a session cluster has it after jobs were
 * restarted. The process is one of its own ({@link ManyLoaders}), so that its maps and threads are.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClassLoaderTest {
  private static final int MANY = 20 / Integer.getInteger("fermata.test.divisor", 1);

  @TempDir Path folder;

  @Test
  void twoClassLoadersUseItAtOnceAndManyLeaveNothingBehind() throws Exception {
    String output;
    try (ObjectStorageServer server = ObjectStorageServer.start()) {
      output =
          new ChildJvm()
              .startedBy(server.environment())
              .without("logback")
              .run(ManyLoaders.class, Integer.toString(MANY));
    }

    assertThat(output)
        .contains("two loaders at once: done")
        .contains(MANY + " loaders: collected, unmapped, without threads");
  }

  @Test
  void theirLibrariesLeaveNoGlobalReference() throws Exception {
    Path report = folder.resolve("references");

    try (ObjectStorageServer server = ObjectStorageServer.start()) {
      new ChildJvm()
          .startedBy(server.environment())
          .without("logback")
          .with("-Dfermata.native.path=" + System.getProperty("fermata.test.native.path"))
          .run(ManyLoaders.class, "3", report.toString());
    }

    assertThat(Files.readAllLines(report)).isEqualTo(List.of("0 0", "0 0", "0 0"));
  }
}
