// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** {@link JournalTest} with keyed state in RocksDB. */
class RocksDbJournalTest extends JournalTest {
  @BeforeAll
  static void useRocksDb() {
    OperatorRig.useStateBackend("rocksdb");
  }

  @AfterAll
  static void useTheHeap() {
    OperatorRig.useStateBackend("hashmap");
  }
}
