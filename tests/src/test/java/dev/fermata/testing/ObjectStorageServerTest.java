// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that does not start fails the test that wants it, and is ended. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ObjectStorageServerTest {
  private static Process shell(String script) throws IOException {
    return new ProcessBuilder("sh", "-c", script).start();
  }

  @Test
  void aServerThatSaysNothingIsEndedWhenPatienceIsOver() throws Exception {
    Process silent = shell("exec cat");
    assertThatThrownBy(() -> new ObjectStorageServer(silent, Duration.ofMillis(1)))
        .hasCauseInstanceOf(TimeoutException.class);
    silent.waitFor();
  }

  @Test
  void aServerThatSaysNoUrlIsEnded() throws Exception {
    Process confused = shell("echo nonsense; exec cat");
    assertThatThrownBy(() -> new ObjectStorageServer(confused, Duration.ofSeconds(50)))
        .hasMessageContaining("nonsense");
    confused.waitFor();
  }

  @Test
  void aServerThatEndsAtOnceIsAnError() throws Exception {
    Process gone = shell("exit 1");
    assertThatThrownBy(() -> new ObjectStorageServer(gone, Duration.ofSeconds(50)))
        .hasMessageContaining("nothing");
  }
}
