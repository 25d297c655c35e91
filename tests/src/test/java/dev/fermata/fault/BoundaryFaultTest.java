// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.fault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.testing.ObjectStorageServer;
import dev.fermata.testing.Setup;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Faults at each stage of the boundary, injected by the test library: each call completes exactly
 * once with a clear error, the process lives on, and no reference is left. The process is one of
 * its own ({@link InjectedFaults}), since one process loads the test library or the shipped one.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BoundaryFaultTest {
  @ParameterizedTest
  @MethodSource("dev.fermata.testing.Setup#suspending")
  void everyFaultIsAnErrorOfOneCall(Setup setup) throws Exception {
    String output =
        new ChildJvm()
            .with("-Dfermata.native.path=" + System.getProperty("fermata.test.native.path"))
            .run(InjectedFaults.class, setup.name());

    assertThat(output)
        .contains("panics at entry: survived")
        .contains("panics of workers: survived")
        .contains("exception after an upcall: survived")
        .contains("failed attach: survived")
        .contains("failed spawn: survived")
        .contains("failed submit: survived")
        .contains("timer without thread: survived")
        .contains("aborted calls: no reference left")
        .contains("injected fault PanicAtEntry")
        .doesNotContain("thread panicked");
  }

  @Test
  void everyFaultIsAnErrorOfOneExchange() throws Exception {
    String output =
        new ChildJvm()
            .with("-Dfermata.native.path=" + System.getProperty("fermata.test.native.path"))
            .run(TransportFaults.class);

    assertThat(output).contains("faults of a transport: survived");
  }

  @Test
  void everyFaultIsAnErrorOfOneAppend(@TempDir Path folder) throws Exception {
    String output;
    try (ObjectStorageServer server = ObjectStorageServer.start()) {
      output =
          new ChildJvm()
              .startedBy(server.environment())
              .with("-Dfermata.native.path=" + System.getProperty("fermata.test.native.path"))
              .run(JournalFaults.class, folder.toString(), ObjectStorageServer.journal("faults"));
    }

    assertThat(output)
        .contains("refused journals: survived")
        .contains("refused journals in object storage: survived")
        .contains("failing storage: survived")
        .contains("failing upcalls: survived")
        .contains("panic of the journal's thread: survived")
        .contains("storage that hangs: survived")
        .contains("injected fault PanicInWriter")
        .contains("JournalUpcalls.acknowledged threw");
  }
}
