// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import dev.fermata.http.NativeHttpClient;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One client of HTTP under one load against a {@link BenchServer}, in a JVM of its own.
 *
 * <pre>
 * HttpCalls CONTENDER LOAD CALLS MILLIS WARM_UP PORT...
 *   CONTENDER  fermata, fermata-actions, jdk, jdk-fixed, virtual-threads, reactor-netty, apache
 *   LOAD       connections  CALLS at once, answered after MILLIS: new connections, then pooled ones
 *              tls          the same under TLS
 *              http2        CALLS at once as streams of warm connections
 *              streams      CALLS at once, each answered by 100 events every MILLIS
 *              throughput   CALLS, 64 at a time
 *              cold         as connections, from the start of the JVM on and without warm-up
 *   WARM_UP    calls that are made before
 *   PORT       what the server printed
 * </pre>
 *
 * <p>Prints what was measured, behind {@code http}, contender, and load.
 */
public final class HttpCalls {
  private static final int WARM_UP_LANES = 512;
  private static final int THROUGHPUT_LANES = 64;
  private static final int EVENTS = 100;

  private final String name;
  private final String load;
  private final int calls;
  private final long millis;
  private final int warmUp;
  private final String[] plain;
  private final String[] secure;

  private HttpCalls(String[] args) {
    name = args[0];
    load = args[1];
    calls = Integer.parseInt(args[2]);
    millis = Long.parseLong(args[3]);
    warmUp = Integer.parseInt(args[4]);
    plain = new String[] {"http://localhost:" + args[5], "http://localhost:" + args[6]};
    secure = new String[] {"https://localhost:" + args[7], "https://localhost:" + args[8]};
  }

  public static void main(String[] args) throws Exception {
    new HttpCalls(args).run();
    System.exit(0);
  }

  private void run() throws Exception {
    if (load.equals("cold")) {
      Measurement cold = Measurement.ofWholeProcess();
      try (Contender contender = contender(false)) {
        measure(contender, "cold start", answers(plain[1]), calls, cold);
      }
      return;
    }
    try (Contender contender = contender(load.equals("http2"))) {
      boolean isSecure = load.equals("tls") || load.equals("http2");
      String origin = isSecure ? secure[0] : plain[0];
      // The first alone: with HTTP/2 all others then have its connection.
      prepare(contender, Work.answers(origin, 1, 0));
      prepare(contender, Work.answers(origin, warmUp, 0));
      measure(contender, isSecure ? secure : plain);
    }
  }

  private static void prepare(Contender contender, Work work) throws InterruptedException {
    contender.begin(work, WARM_UP_LANES);
    work.await();
  }

  private void measure(Contender contender, String[] origins) throws Exception {
    switch (load) {
      case "connections":
      case "tls":
        String transport = load.equals("tls") ? " TLS" : "";
        measure(contender, "new" + transport + " connections", answers(origins[1]), calls);
        measure(contender, "pooled" + transport + " connections", answers(origins[1]), calls);
        break;
      case "http2":
        measure(contender, "HTTP/2", answers(origins[0]), calls);
        break;
      case "streams":
        Work streams = Work.streams(origins[1], calls, EVENTS, millis);
        measure(contender, "streams", streams, calls);
        break;
      case "throughput":
        measure(contender, "throughput", answers(origins[0]), THROUGHPUT_LANES);
        break;
      default:
        throw new IllegalArgumentException("no load '" + load + "'");
    }
  }

  private Work answers(String origin) {
    return Work.answers(origin, calls, millis);
  }

  private void measure(Contender contender, String what, Work work, int lanes) throws Exception {
    measure(contender, what, work, lanes, Measurement.begin());
  }

  private void measure(
      Contender contender, String what, Work work, int lanes, Measurement measurement)
      throws Exception {
    contender.begin(work, lanes);
    work.await();
    measurement.end();
    measurement.print(
        String.join("\t", "http", name, what, calls + " x " + millis + " ms"), work.failures());
  }

  private Contender contender(boolean http2) {
    Version version = http2 ? Version.HTTP_2 : Version.HTTP_1_1;
    switch (name) {
      case "fermata":
        NativeHttpClient client = NativeHttpClient.newBuilder().version(version).build();
        return new SendAsync(client, () -> end(client));
      case "fermata-actions":
        NativeHttpClient awaited = NativeHttpClient.newBuilder().version(version).build();
        return new SendInActions(awaited, () -> end(awaited));
      case "jdk":
        return new SendAsync(HttpClient.newBuilder().version(version).build(), () -> {});
      case "jdk-fixed":
        ExecutorService threads =
            Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        return new SendAsync(
            HttpClient.newBuilder().version(version).executor(threads).build(), threads::shutdown);
      case "virtual-threads":
        return new SendOnVirtualThreads(HttpClient.newBuilder().version(version).build());
      case "reactor-netty":
        return new ReactorNetty(http2);
      case "apache":
        return new ApacheAsync(http2);
      default:
        throw new IllegalArgumentException("no contender '" + name + "'");
    }
  }

  private static void end(NativeHttpClient client) {
    client.close();
    if (client.fallbacks() > 0) {
      throw new IllegalStateException(
          client.fallbacks() + " calls were made by the JDK's client instead");
    }
  }
}
