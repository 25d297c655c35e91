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
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts calls in a process of its own: each line of a connection is a call, answered by how often
 * it was made. {@code distinct} and {@code total} are answered by those sums.
 */
public final class CallServer {
  private final Map<String, Integer> counts = new ConcurrentHashMap<>();

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
      default:
        return counts.merge(line, 1, Integer::sum);
    }
  }
}
