// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options out of their range are refused by name. */
class JournalOptionsTest {
  @TempDir Path folder;

  @Test
  void whatIsOutOfRangeIsRefused() {
    isRefused("segmentBytes", options -> options.segmentBytes(4095));
    isRefused("maxRecordBytes", options -> options.maxRecordBytes(0));
    isRefused("maxRecordBytes", options -> options.maxRecordBytes((32 << 20) + 1));
    isRefused("maxPendingBytes", options -> options.maxPendingBytes(0));
    isRefused("maxDelay", options -> options.maxDelay(Duration.ofNanos(-1)));
    isRefused("closeTimeout", options -> options.closeTimeout(Duration.ofNanos(-1)));
  }

  @Test
  void whatIsAtTheEndOfItsRangeIsNot() {
    JournalOptions options =
        JournalOptions.inFolder(folder)
            .segmentBytes(4096)
            .maxRecordBytes(32 << 20)
            .maxPendingBytes(Long.MAX_VALUE)
            .maxDelay(Duration.ofNanos(1))
            .closeTimeout(Duration.ofSeconds(Long.MAX_VALUE))
            .build();
    try (Journal journal = Journal.open(options)) {
      Records.await(journal.append(Records.returned("a", 0), Level.DISK));
    }
  }

  @Test
  void aFolderThatTheSystemDoesNotKnowIsRefused() {
    Path runtime = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
    assertThatThrownBy(() -> JournalOptions.inFolder(runtime))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("default file system");
  }

  private void isRefused(String name, Consumer<JournalOptions.Builder> setting) {
    assertThatThrownBy(() -> setting.accept(JournalOptions.inFolder(folder)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name);
  }
}
