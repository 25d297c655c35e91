// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/** A file that grows, with a sync of its own for each append: what the disk can do. */
final class PlainFile implements DurableLog {
  private final FileChannel file;
  private final AtomicLong syncs = new AtomicLong();

  PlainFile(Path folder) throws IOException {
    file =
        FileChannel.open(
            folder.resolve("plain"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND);
  }

  @Override
  public void append(long number, byte[] result) throws IOException {
    write(number, result);
    sync();
  }

  @Override
  public void write(long number, byte[] result) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(result);
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  @Override
  public void sync() throws IOException {
    file.force(false);
    syncs.incrementAndGet();
  }

  @Override
  public long syncs() {
    return syncs.get();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
