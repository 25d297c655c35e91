// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A journal that is not what was written. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JournalDamageTest {
  private static final int FORMAT_VERSION_AT = 8;

  @TempDir Path folder;
  private Path segment;

  @BeforeEach
  void writeAJournal() {
    try (Journal journal = Journal.open(folder)) {
      for (int place = 0; place < 10; place++) {
        Records.await(journal.append(Records.returned("a", place), Level.DISK));
      }
    }
    segment = folder.resolve("00000000000000000001.journal");
  }

  @Test
  void aFlippedBitIsAnErrorThatNamesFileByteAndRemedy() throws Exception {
    byte[] damaged = Files.readAllBytes(segment);
    damaged[damaged.length / 2] ^= 1;
    Files.write(segment, damaged);

    isRefused(ErrorKind.DAMAGED, () -> Journal.open(folder), segment + " is damaged at byte ");
    isRefused(ErrorKind.DAMAGED, () -> Records.read(folder), "from a backup");
    assertThat(Files.readAllBytes(segment)).isEqualTo(damaged);
    isRefused(ErrorKind.DAMAGED, () -> Journal.open(folder), "damaged"); // and not locked
  }

  @Test
  void aMissingSegmentIsAnError() throws Exception {
    try (Journal journal = Journal.open(folder)) {
      Records.await(journal.append(Records.returned("a", 10), Level.DISK));
    }
    Files.delete(segment);
    isRefused(ErrorKind.DAMAGED, () -> Journal.open(folder), "is damaged at byte 0");
  }

  @Test
  void aLaterFormatIsNoDamage() throws Exception {
    byte[] later = Files.readAllBytes(segment);
    later[FORMAT_VERSION_AT] = 2;
    withChecksum(later);
    Files.write(segment, later);
    isRefused(ErrorKind.NEWER_FORMAT, () -> Journal.open(folder), "later version");
  }

  @Test
  void aTornTailIsCutAndTheRestIsThere() throws Exception {
    byte[] whole = Files.readAllBytes(segment);
    Files.write(segment, Arrays.copyOf(whole, whole.length - 5));
    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.records("a")).hasSize(10);
    }
  }

  @Test
  void aFileInPlaceOfTheFolderIsAnError() {
    isRefused(ErrorKind.IO, () -> Journal.open(segment), segment.toString());
    assertThatThrownBy(() -> Records.read(segment))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no folder");
  }

  private static void isRefused(ErrorKind kind, ThrowingCallable use, String message) {
    assertThatThrownBy(use)
        .isInstanceOfSatisfying(
            FermataException.class,
            refused -> assertThat(refused.kind()).as(refused.getMessage()).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  private static void withChecksum(byte[] segment) {
    CRC32C checksum = new CRC32C();
    checksum.update(segment, 0, 60);
    for (int i = 0; i < 4; i++) {
      segment[60 + i] = (byte) (checksum.getValue() >> 8 * i);
    }
  }
}
