// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link JournalTest} with keyed state in RocksDB. */
@ExtendWith(RocksDb.class)
class RocksDbJournalTest extends JournalTest {}
