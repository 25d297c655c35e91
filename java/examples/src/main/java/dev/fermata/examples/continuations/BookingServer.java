// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.ContinuationFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * Holds {@link Booking} dialogues over HTTP. Between two requests a dialogue is a file: the server
 * keeps nothing in memory, and may be restarted at any time.
 *
 * <pre>
 * BookingServer FOLDER 8080
 *
 * curl -i -X POST localhost:8080/              Location: /5f0c…    What is your name?
 * curl -d Ada localhost:8080/5f0c…             How many seats, Ada?
 * </pre>
 */
public final class BookingServer implements AutoCloseable {
  private static final ContinuationFormat FORMAT = ContinuationFormat.allowing(Booking.class);

  private final Path folder;
  private final HttpServer server;

  /** Starts a server on the loopback interface; port 0 takes any that is free. */
  public BookingServer(Path folder, int port) throws IOException {
    this.folder = Files.createDirectories(folder);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    // Requests come one after another, for there is no executor: no dialogue is in two of them.
    server.createContext("/", this::handle);
    server.start();
  }

  public static void main(String[] args) throws IOException {
    BookingServer server = new BookingServer(Path.of(args[0]), Integer.parseInt(args[1]));
    System.out.println("listening on port " + server.port());
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try {
      String name = exchange.getRequestURI().getPath().substring(1);
      if (!exchange.getRequestMethod().equals("POST")) {
        respond(exchange, 405, "POST what you want to say");
      } else if (name.isEmpty()) {
        UUID id = UUID.randomUUID();
        exchange.getResponseHeaders().set("Location", "/" + id);
        respond(exchange, 201, say(new Continuation(new Booking()), null, file(id)));
      } else {
        String typed = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Path file = file(UUID.fromString(name));
        respond(exchange, 200, say(read(file), typed, file));
      }
    } catch (IllegalArgumentException | NoSuchFileException unknown) {
      respond(exchange, 404, "There is no such dialogue, or it is over");
    } finally {
      exchange.close();
    }
  }

  /** Goes on with a dialogue up to its next question, and saves it there. */
  private String say(Continuation dialogue, String typed, Path file) throws IOException {
    try (dialogue) {
      if (!dialogue.resume(typed)) {
        Files.delete(file);
        return "Goodbye";
      }
      Path written = file.resolveSibling(file.getFileName() + ".new");
      try (OutputStream out = Files.newOutputStream(written)) {
        dialogue.writeTo(out, FORMAT);
      }
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
      return (String) dialogue.value();
    }
  }

  private static Continuation read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Continuation.readFrom(in, FORMAT);
    }
  }

  private Path file(UUID id) {
    return folder.resolve(id.toString());
  }

  private static void respond(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
