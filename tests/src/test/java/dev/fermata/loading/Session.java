// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.loading;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.FermataException;
import dev.fermata.Strategy;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalOptions;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import dev.fermata.testing.FaultInjection;
import dev.fermata.testing.ObjectStorageServer;
import dev.fermata.testing.Transport;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What one class loader does with Fermata: everything that could leave something behind. */
public final class Session implements Callable<Void> {
  private final String report;

  /**
   * @param report where the test library is to report its references; null with another library
   */
  public Session(String report) {
    this.report = report;
  }

  @Override
  public Void call() throws Exception {
    ContinuationActionExecutor executor =
        ContinuationActionExecutor.builder().threadName("session").build();
    check(executor.strategy() != Strategy.INLINE);
    if (report != null) {
      FaultInjection.reportAtUnload(report);
    }
    ContinuationContext context = new ContinuationContext();
    Runnable action = () -> use(executor, context);
    while (!executor.executeAction(context, action)) {
      check(executor.awaitReady(Waiting.LIMIT));
    }
    ContinuationContext aborted = new ContinuationContext();
    executor.executeAction(aborted, () -> executor.sleep(aborted, Duration.ofHours(1)));
    executor.close();

    try (ActionLoop loop = ActionLoop.builder().name("session").build()) {
      check(
          loop.submit(scope -> scope.call(() -> 5)).get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS)
              == 5);
    }
    exchange();
    Path folder = Files.createTempDirectory("session-");
    try {
      record(folder);
    } finally {
      delete(folder);
    }
    recordInObjectStorage();
    return null;
  }

  /** Of a name that must be looked up, with a server that answers nothing. */
  private static void exchange() throws IOException {
    try (ServerSocket silent = new ServerSocket(0);
        Transport transport = new Transport("session-io")) {
      Transport.Exchange exchange =
          transport.get(1, "http://localhost:" + silent.getLocalPort() + "/");
      silent.accept().close();
      check(exchange.failure().equals("ClosedEarly"));
      Transport.Exchange pending =
          transport.get(2, "http://localhost:" + silent.getLocalPort() + "/");
      transport.shutDown();
      check(pending.failure().equals("Closed"));
    }
  }

  /** In a journal that is closed and in one that nobody holds, and so is closed by nobody. */
  private static void record(Path folder) throws Exception {
    JournalRecord record = new JournalRecord.CallFinished("a", 0, new byte[100]);
    try (Journal journal = Journal.open(folder.resolve("closed"))) {
      journal.append(record, Level.MEMORY);
      journal.append(record, Level.DISK).get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
      journal.append(new JournalRecord.ActionFinished("a"), Level.OS);
      journal.sync().get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    try (Journal again = Journal.open(folder.resolve("closed"))) {
      again.compact();
      check(again.unfinishedActions().isEmpty());
    }
    List<JournalRecord> read = new ArrayList<>();
    Journal.read(folder.resolve("closed"), read::add);
    check(read.isEmpty());
    Journal.open(folder.resolve("left"))
        .append(record, Level.DISK)
        .get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** As {@link #record}, on the server that the environment names; and where nobody answers. */
  private static void recordInObjectStorage() throws Exception {
    JournalOptions options =
        JournalOptions.inObjectStorage(ObjectStorageServer.journal("" + UUID.randomUUID())).build();
    JournalRecord record = new JournalRecord.CallFinished("a", 0, new byte[100]);
    try (Journal journal = Journal.open(options)) {
      journal.append(record, Level.DISK).get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
      journal.compact();
    }
    Journal.open(options)
        .append(new JournalRecord.ActionFinished("a"), Level.DISK)
        .get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
    boolean refused = false;
    String nobody = "http://localhost:" + portOfNobody();
    try {
      Journal.open(
          JournalOptions.inObjectStorage(ObjectStorageServer.journal("nowhere"))
              .server(nobody, "nowhere")
              .patience(Duration.ZERO)
              .build());
    } catch (FermataException expected) {
      refused = true;
    }
    check(refused);
  }

  private static int portOfNobody() throws IOException {
    try (ServerSocket closed = new ServerSocket(0)) {
      return closed.getLocalPort();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
        Files.delete(path);
      }
    }
  }

  private static void use(ContinuationActionExecutor executor, ContinuationContext context) {
    check(executor.executeAsync(context, () -> 1) == 1);
    check(executor.<Integer>gather(context, List.of(() -> 1, () -> 2)).size() == 2);
    executor.sleep(context, Duration.ofMillis(1));
    boolean timedOut = false;
    try {
      executor.executeAsync(context, Session::sleepLong, Duration.ofMillis(1));
    } catch (FermataException expected) {
      timedOut = true;
    }
    check(timedOut);
    synchronized (context) {
      check(executor.executeAsync(context, () -> 3, Duration.ofMinutes(1)) == 3);
    }
  }

  private static Void sleepLong() {
    try {
      TimeUnit.HOURS.sleep(1);
    } catch (InterruptedException expected) {
      return null;
    }
    return null;
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError();
    }
  }
}
