// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import static dev.fermata.journal.Records.ALL_KINDS;
import static dev.fermata.journal.Records.await;
import static dev.fermata.journal.Records.returned;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.ChildJvm;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.ObjectStorageServer;
import dev.fermata.testing.Waiting;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A journal in object storage, against a server that speaks S3's protocol. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ObjectStorageJournalTest {
  private static ObjectStorageServer server;

  /** Long enough to fetch the server. */
  @BeforeAll
  @Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  static void startServer() throws Exception {
    server = ObjectStorageServer.start();
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  private static Journal open(String name) {
    return Journal.open(server.options(name).build());
  }

  private static FermataException refused(Runnable use) {
    Throwable thrown = catchThrowable(use::run);
    assertThat(thrown).isNotNull();
    Throwable failure = thrown instanceof FermataException ? thrown : thrown.getCause();
    assertThat(failure).isInstanceOf(FermataException.class);
    return (FermataException) failure;
  }

  @Test
  void everyKindOfRecordComesBackAsItWasAndNoThreadIsLeft() {
    FermataThreads threads = new FermataThreads("fermata-storage");
    try (Journal journal = open("kinds")) {
      for (JournalRecord record : ALL_KINDS) {
        await(journal.append(record, Level.DISK));
      }
      journal.compact();
      assertThat(threads.alive()).contains("fermata-storage", "fermata-storage-io");
    }
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
    try (Journal journal = open("kinds")) {
      assertThat(journal.records("grüße-1")).isEqualTo(ALL_KINDS);
    }
  }

  @Test
  void whoOpensItLaterTakesItOverAndMissesNothing() {
    Journal first = open("raced");
    await(first.append(returned("a", 0), Level.DISK));
    try (Journal second = open("raced")) {
      assertThat(second.records("a")).containsExactly(returned("a", 0));
      FermataException refused = refused(() -> await(first.append(returned("a", 1), Level.DISK)));
      assertThat(refused.kind()).isEqualTo(ErrorKind.FENCED);
      assertThat(refused.isRetryable()).isFalse();
      assertThat(refused).hasMessageContaining("another writer has taken over");
      // For good.
      assertThat(refused(() -> await(first.append(returned("a", 1), Level.DISK))).kind())
          .isEqualTo(ErrorKind.FENCED);
      assertThat(first.records("a")).containsExactly(returned("a", 0));
      await(second.append(returned("a", 1), Level.DISK));
    }
    first.close();
    // It may take it back.
    try (Journal third = open("raced")) {
      assertThat(third.records("a")).containsExactly(returned("a", 0), returned("a", 1));
    }
  }

  @Test
  void whoHasNotHeardThatItWasTakenOverHearsItWhenItIsClosed() {
    Journal first = open("unaware");
    await(first.append(returned("a", 0), Level.DISK));
    try (Journal second = open("unaware")) {
      assertThat(refused(first::close).kind()).isEqualTo(ErrorKind.FENCED);
      first.close();
      assertThat(second.records("a")).containsExactly(returned("a", 0));
    }
  }

  @Test
  void aProcessIsTakenOverFromWhileItAppendsAndAfterItWasKilled() throws Exception {
    String name = "processes";
    try (Appending process = new Appending(name, 40)) {
      try (Journal journal = open(name)) {
        long last = process.lastUntilRefused();
        assertThat(journal.records(JournalProcess.ACTION))
            .as("what it was told before it was refused")
            .startsWith(sequence(last + 1));
      }
    }
    try (Appending process = new Appending(name, 200)) {
      long last = process.lastUntilKilled();
      try (Journal journal = open(name)) {
        List<JournalRecord> found = journal.records(JournalProcess.ACTION);
        assertThat(found).hasSizeGreaterThan((int) last).isEqualTo(List.of(sequence(found.size())));
      }
    }
  }

  private static JournalRecord[] sequence(long records) {
    return LongStream.range(0, records)
        .mapToObj(place -> returned(JournalProcess.ACTION, place))
        .toArray(JournalRecord[]::new);
  }

  /** A {@link JournalProcess} that has been told of so many places. */
  private static final class Appending implements AutoCloseable {
    private static final Pattern PLACE = Pattern.compile("\\d+");

    private final Process process;
    private final BufferedReader output;
    private long last;

    Appending(String name, long enough) throws IOException {
      process =
          new ChildJvm()
              .startedBy(server.environment())
              .start(JournalProcess.class, ObjectStorageServer.journal(name), "DISK");
      output =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = nextLine();
      while (!line.equals("OPENED")) {
        line = nextLine();
      }
      while (last < enough) {
        note(nextLine());
      }
    }

    private String nextLine() throws IOException {
      String line = output.readLine();
      assertThat(line).as("what the process says").isNotNull().doesNotStartWith("REFUSED");
      return line;
    }

    /** Not all that it says is the place of an append: it logs too. */
    private void note(String line) {
      if (PLACE.matcher(line).matches()) {
        last = Long.parseLong(line);
      }
    }

    long lastUntilRefused() throws IOException {
      String line = output.readLine();
      while (!line.startsWith("REFUSED")) {
        note(line);
        line = output.readLine();
      }
      assertThat(line).startsWith("REFUSED FENCED: ");
      return last;
    }

    long lastUntilKilled() {
      process.toHandle().destroyForcibly(); // what it wrote can still be read
      List<String> lines = output.lines().collect(Collectors.toList());
      // The last one may have been broken off.
      lines.stream().limit(Math.max(0, lines.size() - 1)).forEach(this::note);
      return last;
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Test
  void aKeyThatTheStorageDoesNotKnowIsAnErrorThatSaysSo() throws Exception {
    try (ObjectStorageServer strict = ObjectStorageServer.startThatKnowsNobody()) {
      FermataException refused = refused(() -> Journal.open(strict.options("locked").build()));
      assertThat(refused.kind()).isEqualTo(ErrorKind.IO);
      assertThat(refused)
          .hasMessageContaining("s3://journals/locked cannot be opened for writing")
          .hasMessageContaining("InvalidAccessKeyId")
          .hasMessageContaining("other credentials");
      assertThat(refused.toString()).doesNotContain(ObjectStorageServer.secret());
    }
  }

  @Test
  void aServerThatIsGoneIsAnErrorWhenPatienceIsOver() throws Exception {
    try (ObjectStorageServer gone = ObjectStorageServer.start()) {
      JournalOptions options = gone.options("gone").patience(Duration.ofMillis(500)).build();
      try (Journal journal = Journal.open(options)) {
        await(journal.append(returned("a", 0), Level.DISK));
        gone.kill();
        FermataException failed =
            refused(() -> await(journal.append(returned("a", 1), Level.DISK)));
        assertThat(failed.kind()).isEqualTo(ErrorKind.IO);
        assertThat(failed.isRetryable()).isTrue();
        assertThat(failed).hasMessageContaining("s3://journals/gone");
        assertThat(journal.records("a")).containsExactly(returned("a", 0));
      }
      FermataException refused = refused(() -> Journal.open(options));
      assertThat(refused.kind()).isEqualTo(ErrorKind.IO);
      assertThat(refused).hasMessageContaining("s3://journals/gone");
    }
  }

  @Test
  void whatCannotBeMeantIsRefused() {
    assertThatThrownBy(() -> Journal.open(JournalOptions.inObjectStorage("journals/a").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("s3://bucket/prefix");
    JournalOptions elsewhere =
        JournalOptions.inObjectStorage("s3://no-such-bucket/a")
            .server(server.url(), "us-east-1")
            .credentials("key", ObjectStorageServer.secret(), "token")
            .build();
    assertThat(refused(() -> Journal.open(elsewhere)))
        .hasMessageContaining("s3://no-such-bucket/a")
        .hasMessageContaining("NoSuchBucket");
  }

  @Test
  void optionsOfObjectStorageAreRefusedForAFolderAndShowNoSecret() {
    JournalOptions.Builder folder = JournalOptions.inFolder(Path.of("a"));
    List<Runnable> settings =
        List.of(
            () -> folder.server("http://localhost", "region"),
            () -> folder.credentials("key", "secret", null),
            () -> folder.patience(Duration.ZERO));
    for (Runnable setting : settings) {
      assertThatThrownBy(setting::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is an option of object storage");
    }
    JournalOptions.Builder storage = server.options("a");
    assertThatThrownBy(() -> storage.patience(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("patience");
    assertThat(storage + " " + storage.build()).doesNotContain(ObjectStorageServer.secret());
  }
}
