// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that says on each connection, byte for byte, what a script tells it, right or wrong.
 * Each connection has a thread. That the client closed a connection ends its script and is no
 * error; what else a script throws fails the test when the server is closed.
 */
public final class ScriptedServer implements Closeable {
  /** What happens on one connection; it is closed at the end. */
  public interface Script {
    void run(Connection connection) throws Exception;
  }

  /** An answer for each request of a connection. */
  public interface Answers {
    String answer(Received request) throws Exception;
  }

  private final ServerSocket listener;
  private final Script script;
  private final AtomicInteger connections = new AtomicInteger();
  private final Collection<Socket> sockets = new ConcurrentLinkedQueue<>();
  private final Collection<Throwable> failures = new ConcurrentLinkedQueue<>();

  public ScriptedServer(Script script) {
    this(script, listen(InetAddress.getLoopbackAddress()));
  }

  /** A server that accepts connections from {@code listener} on. */
  ScriptedServer(Script script, ServerSocket listener) {
    this.script = script;
    this.listener = listener;
    start(this::accept);
  }

  private static ServerSocket listen(InetAddress address) {
    try {
      return new ServerSocket(0, 50, address);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A server that answers requests, also several on one connection. */
  public static ScriptedServer answering(Answers answers) {
    return new ScriptedServer(
        connection -> {
          for (Received next = connection.next(); next != null; next = connection.next()) {
            String answer = answers.answer(next);
            next.body();
            connection.write(answer);
          }
        });
  }

  /** A whole response with a body of known length. */
  public static String response(int status, String headers, String body) {
    int length = body.getBytes(StandardCharsets.ISO_8859_1).length;
    return "HTTP/1.1 "
        + status
        + " Some Reason\r\n"
        + headers
        + "Content-Length: "
        + length
        + "\r\n\r\n"
        + body;
  }

  public static String ok(String body) {
    return response(200, "", body);
  }

  public int port() {
    return listener.getLocalPort();
  }

  public URI uri(String pathAndQuery) {
    return URI.create("http://localhost:" + port() + pathAndQuery);
  }

  /** How many connections have been accepted. */
  public int connections() {
    return connections.get();
  }

  private void accept() {
    while (true) {
      Socket socket;
      try {
        socket = listener.accept();
      } catch (IOException closed) {
        return;
      }
      connections.incrementAndGet();
      sockets.add(socket);
      start(() -> serve(socket));
    }
  }

  private void serve(Socket socket) {
    try (Connection connection = new Connection(socket)) {
      script.run(connection);
    } catch (IOException closedByTheClient) {
      // The test looks at what the client made of it.
    } catch (Throwable failure) {
      failures.add(failure);
    }
  }

  private static void start(Runnable code) {
    Thread thread = new Thread(code, "scripted-server");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    for (Throwable failure : failures) {
      throw new AssertionError("the server's script failed", failure);
    }
  }

  /** One connection of the server. */
  public static final class Connection implements Closeable {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private Connection(Socket socket) throws IOException {
      this.socket = socket;
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
    }

    /** The head of the next request, or {@code null} if the client has closed. */
    public Received next() throws IOException {
      return Received.read(in);
    }

    public void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void write(byte[] bytes) throws IOException {
      out.write(bytes);
    }

    /** Reads {@code count} bytes, or fewer if the client closes; returns how many. */
    public long skip(long count) throws IOException {
      byte[] buffer = new byte[65_536];
      long left = count;
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (read < 0) {
          break;
        }
        left -= read;
      }
      return count - left;
    }

    /** Hands bytes on between the client and a port of this host until either closes. */
    void relay(int port) throws IOException {
      try (Socket other = new Socket(InetAddress.getLoopbackAddress(), port)) {
        start(
            () -> {
              try {
                other.getInputStream().transferTo(out);
                socket.close();
              } catch (IOException closed) {
                // The other direction ends then too.
              }
            });
        in.transferTo(other.getOutputStream());
      }
    }

    /** Says that nothing more will come, and still reads. */
    void endOutput() throws IOException {
      socket.shutdownOutput();
    }

    /** Waits until the client closes, and takes a reset for a close. */
    public void awaitClose() {
      try {
        while (in.read() >= 0) {
          // What it still sends does not matter.
        }
      } catch (IOException reset) {
        // Closed as well.
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
