// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.recovery;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts calls in a process of its own: each line of a connection is a call, answered by how often
 * it was made. {@code distinct} and {@code total} are answered by those sums. {@code seen} and a
 * call says that its result is in use; {@code again} is answered by how often a call was made after
 * that. {@code checkpoint} says that one has completed; {@code await}, a number of calls and one of
 * checkpoints is answered when so many more have been made.
 */
public final class CallServer {
  private static final String SEEN = "seen ";
  private static final String AWAIT = "await ";

  private final Map<String, Integer> counts = new ConcurrentHashMap<>();
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final AtomicInteger again = new AtomicInteger();
  private int calls;
  private int checkpoints;

  private CallServer() {}

  /** Prints its port, then serves until its standard input ends. */
  public static void main(String[] args) throws IOException {
    CallServer server = new CallServer();
    try (ServerSocket socket = new ServerSocket(0, 512, InetAddress.getLoopbackAddress())) {
      System.out.println(socket.getLocalPort());
      Thread acceptor = new Thread(() -> server.accept(socket));
      acceptor.setDaemon(true);
      acceptor.start();
      while (System.in.read() != -1) {}
    }
  }

  private void accept(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Thread handler = new Thread(() -> serve(client));
        handler.setDaemon(true);
        handler.start();
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
        PrintWriter out = new PrintWriter(client.getOutputStream(), true, StandardCharsets.UTF_8)) {
      String line;
      while ((line = in.readLine()) != null) {
        out.println(answer(line));
      }
    } catch (IOException gone) {
      // A client that was killed.
    }
  }

  private int answer(String line) {
    switch (line) {
      case "distinct":
        return counts.size();
      case "total":
        return counts.values().stream().mapToInt(Integer::intValue).sum();
      case "again":
        return again.get();
      case "checkpoint":
        happened(0, 1);
        return 0;
      default:
        if (line.startsWith(AWAIT)) {
          String[] numbers = line.substring(AWAIT.length()).split(" ");
          await(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
          return 0;
        }
        if (line.startsWith(SEEN)) {
          seen.add(line.substring(SEEN.length()));
          return 0;
        }
        if (seen.contains(line)) {
          again.incrementAndGet();
        }
        happened(1, 0);
        return counts.merge(line, 1, Integer::sum);
    }
  }

  private synchronized void happened(int moreCalls, int moreCheckpoints) {
    calls += moreCalls;
    checkpoints += moreCheckpoints;
    notifyAll();
  }

  private synchronized void await(int moreCalls, int moreCheckpoints) {
    int untilCalls = calls + moreCalls;
    int untilCheckpoints = checkpoints + moreCheckpoints;
    while (calls < untilCalls || checkpoints < untilCheckpoints) {
      try {
        wait();
      } catch (InterruptedException ended) {
        throw new IllegalStateException(ended);
      }
    }
  }
}
