// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import dev.fermata.ActionLoop;
import dev.fermata.http.NativeHttpClient;
import dev.fermata.http.SseEvent;
import dev.fermata.http.SseEvents;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Iterator;
import java.util.stream.Stream;

/** {@code send} inside the actions of a loop, an action for each lane. */
final class SendInActions implements Contender {
  private final NativeHttpClient client;
  private final Runnable end;
  private final ActionLoop loop = ActionLoop.builder().build();

  SendInActions(NativeHttpClient client, Runnable end) {
    this.client = client;
    this.end = end;
  }

  @Override
  public void begin(Work work, int lanes) {
    for (int i = 0; i < lanes; i++) {
      loop.submit(
          scope -> {
            work.blockingLane(() -> call(work));
            return null;
          });
    }
  }

  private int call(Work work) throws IOException, InterruptedException {
    return work.streams()
        ? readEvents(work)
        : client.send(SendAsync.request(work), BodyHandlers.ofByteArray()).body().length;
  }

  private int readEvents(Work work) throws IOException, InterruptedException {
    int count = 0;
    try (Stream<SseEvent> events =
        client.send(SendAsync.request(work), SseEvents.handler()).body()) {
      for (Iterator<SseEvent> each = events.iterator(); each.hasNext(); each.next()) {
        count++;
      }
    }
    return count;
  }

  @Override
  public void close() {
    loop.close();
    end.run();
  }
}
