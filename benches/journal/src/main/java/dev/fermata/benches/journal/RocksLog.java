// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.journal;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Statistics;
import org.rocksdb.TickerType;
import org.rocksdb.WriteOptions;

/**
 * RocksDB's write-ahead log. Its table in memory is made so large that none is written to disk
 * meanwhile, and it is neither flushed when it closes nor when it is opened again: so a run is the
 * log and nothing else.
 */
final class RocksLog implements DurableLog {
  private static final long TABLE_BYTES = 1L << 30;
  private static final int ACTIONS = 1_000;

  static {
    RocksDB.loadLibrary();
  }

  private final Statistics statistics = new Statistics();
  private final Options options =
      new Options()
          .setCreateIfMissing(true)
          .setWriteBufferSize(TABLE_BYTES)
          .setDbWriteBufferSize(TABLE_BYTES)
          .setAvoidFlushDuringShutdown(true)
          .setAvoidFlushDuringRecovery(true)
          .setStatistics(statistics);
  private final WriteOptions durable = new WriteOptions().setSync(true);
  private final WriteOptions written = new WriteOptions().setSync(false);
  private final RocksDB database;

  RocksLog(Path folder) throws RocksDBException {
    database = RocksDB.open(options, folder.toString());
  }

  @Override
  public void append(long number, byte[] result) throws RocksDBException {
    database.put(durable, key(number), result);
  }

  @Override
  public void write(long number, byte[] result) throws RocksDBException {
    database.put(written, key(number), result);
  }

  @Override
  public void sync() throws RocksDBException {
    database.syncWal();
  }

  @Override
  public long syncs() {
    return statistics.getTickerCount(TickerType.WAL_FILE_SYNCED);
  }

  @Override
  public void close() {
    database.close();
    durable.close();
    written.close();
    options.close();
    statistics.close();
  }

  /** As much as a record says whose it is. */
  private static byte[] key(long number) {
    return ("action-" + number % ACTIONS + "/" + number / ACTIONS)
        .getBytes(StandardCharsets.US_ASCII);
  }
}
