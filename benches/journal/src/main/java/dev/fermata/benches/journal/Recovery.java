// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.journal;

import dev.fermata.journal.Journal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * How long a log of many records takes to be opened again, and how large it is.
 *
 * <pre>
 * Recovery CONTENDER RECORDS ROUNDS FOLDER
 *   CONTENDER  fermata       Journal.open: every record is of an action that has not ended, and kept
 *              fermata-read  Journal.read, which keeps none
 *              rocksdb       its write-ahead log, read into its table in memory
 *   FOLDER     exists, is empty, and is on the disk that is measured
 * </pre>
 *
 * <p>The files are in the page cache. Prints {@code recovery}, contender, records, and then bytes a
 * record and, for each round but the first, which warms up, records a second.
 */
public final class Recovery {
  private static final int RESULT_BYTES = 100;

  private final String name;
  private final int records;
  private final Path folder;

  private Recovery(String name, int records, Path folder) {
    this.name = name;
    this.records = records;
    this.folder = folder;
  }

  public static void main(String[] args) throws Exception {
    Recovery benchmark = new Recovery(args[0], Integer.parseInt(args[1]), Path.of(args[3]));
    benchmark.run(Integer.parseInt(args[2]));
    System.exit(0);
  }

  private void run(int rounds) throws Exception {
    try (DurableLog log = open()) {
      byte[] result = new byte[RESULT_BYTES];
      for (int i = 0; i < records; i++) {
        log.write(i, result);
        if (i % 10_000 == 0) {
          log.sync();
        }
      }
      log.sync();
    }
    print("bytes", bytes() / (double) records);
    for (int round = 0; round <= rounds; round++) {
      System.gc();
      double seconds = recover();
      if (round > 0) {
        print("rate", records / seconds);
      }
    }
  }

  private double recover() throws Exception {
    long start = System.nanoTime();
    if (name.equals("fermata-read")) {
      AtomicLong seen = new AtomicLong();
      Journal.read(folder, record -> seen.incrementAndGet());
      if (seen.get() != records) {
        throw new IllegalStateException(seen + " records of " + records + " were read");
      }
      return (System.nanoTime() - start) / 1e9;
    }
    DurableLog log = open();
    double seconds = (System.nanoTime() - start) / 1e9;
    log.close();
    return seconds;
  }

  private DurableLog open() throws Exception {
    return name.equals("rocksdb") ? new RocksLog(folder) : new FermataLog(folder);
  }

  private long bytes() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      long sum = 0;
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        sum += Files.size(file);
      }
      return sum;
    }
  }

  private void print(String metric, double value) {
    System.out.println("recovery\t" + name + "\t" + records + "\t" + metric + "\t" + value);
  }
}
