// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** {@code send} of the JDK's client on virtual threads, one for each lane. */
final class SendOnVirtualThreads implements Contender {
  private final HttpClient client;
  private final Executor threads;

  SendOnVirtualThreads(HttpClient client) {
    this.client = client;
    try {
      // By reflection, as this class is compiled for Java 11.
      threads =
          (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException missing) {
      throw new IllegalStateException("virtual threads need Java 21", missing);
    }
  }

  @Override
  public void begin(Work work, int lanes) {
    for (int i = 0; i < lanes; i++) {
      threads.execute(() -> work.blockingLane(() -> call(work)));
    }
  }

  private int call(Work work) throws IOException, InterruptedException {
    if (!work.streams()) {
      return client.send(SendAsync.request(work), BodyHandlers.ofByteArray()).body().length;
    }
    EventCount events = new EventCount();
    byte[] chunk = new byte[1024];
    try (InputStream body =
        client.send(SendAsync.request(work), BodyHandlers.ofInputStream()).body()) {
      for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
        events.add(chunk, read);
      }
    }
    return events.count();
  }

  @Override
  public void close() {}
}
