// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link JournalAttemptsTest} with keyed state in RocksDB. */
@ExtendWith(RocksDb.class)
class RocksDbJournalAttemptsTest extends JournalAttemptsTest {}
