// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Durable actions over a journal on disk, over the ends of processes. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DurableKillTest {
  private static final int KILLS = 3;
  private static final int ALL = DurableProcess.ACTIONS * DurableProcess.CALLS;

  @TempDir Path folder;
  private final Set<String> got = new HashSet<>();
  private final Set<String> madeAgain = new HashSet<>();
  private final Map<String, String> results = new HashMap<>();

  @Test
  void aProcessThatIsKilledLeavesNothingToBePaidForTwice() throws Exception {
    for (int kill = 1; kill <= KILLS; kill++) {
      run(kill * ALL / (KILLS + 2));
    }
    run(Integer.MAX_VALUE);

    assertThat(madeAgain).as("calls made though their outcome was durable").isEmpty();
    assertThat(got).hasSize(ALL);
    assertThat(results).hasSize(DurableProcess.ACTIONS);
    results.forEach(
        (action, result) -> {
          StringBuilder expected = new StringBuilder();
          for (int i = 0; i < DurableProcess.CALLS; i++) {
            expected.append("r").append((action + "/" + i).hashCode());
          }
          assertThat(result).isEqualTo(expected.toString());
        });
  }

  /** Runs the program until so many outcomes are known, then kills it. */
  private void run(int enough) throws Exception {
    Set<String> durable = Set.copyOf(got);
    Process process =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-Xcheck:jni",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DurableProcess.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      boolean ended = false;
      for (String line = next(output); line != null; line = next(output)) {
        String[] words = line.split(" ");
        switch (words[0]) {
          case "MADE":
            if (durable.contains(words[1])) {
              madeAgain.add(words[1]);
            }
            break;
          case "GOT":
            got.add(words[1]);
            if (got.size() == enough) {
              // What it wrote can still be read.
              process.toHandle().destroyForcibly();
            }
            break;
          case "RESULT":
            results.put(words[1], words[2]);
            break;
          case "END":
            ended = true;
            break;
          default:
            assertThat(line).doesNotContain("Exception").doesNotContain("in native method:");
        }
      }
      assertThat(ended || got.size() >= enough).as("the program ran to its end").isTrue();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static String next(BufferedReader output) {
    try {
      return output.readLine();
    } catch (IOException killed) {
      return null;
    }
  }

  @Test
  void aJournalThatIsClosedAndOpenedAnswersWhatWasPaidFor() {
    AtomicInteger made = new AtomicInteger();
    DurableBody<String> body =
        context -> {
          DurableCall<Integer> first =
              context.callAsync("first", Integer.class, made::incrementAndGet);
          DurableCall<Integer> second =
              context.callAsync("second", Integer.class, made::incrementAndGet);
          String chosen = context.any(List.of(first, second)).name();
          String values = context.now() + " " + context.random().nextLong();
          int sum = context.await(first) + context.await(second);
          try {
            return context.call(
                "fails",
                String.class,
                () -> {
                  made.incrementAndGet();
                  throw new IOException("no route");
                });
          } catch (IOException expected) {
            return chosen + " " + values + " " + sum + " " + expected.getMessage();
          }
        };
    String first = journalled(body);

    assertThat(journalled(body)).isEqualTo(first);
    assertThat(made).hasValue(3);
  }

  @Test
  void aResultThatIsTooLargeForTheJournalIsAnOutcome() {
    String outcome =
        journalled(
            context -> {
              try {
                return context.call("large", String.class, () -> "x".repeat(10_000));
              } catch (UnrecordableResultException tooLarge) {
                return tooLarge.getMessage();
              }
            });

    assertThat(outcome).contains("too large for the journal");
  }

  private String journalled(DurableBody<String> body) {
    JournalOptions options = JournalOptions.inFolder(folder).maxRecordBytes(8_000).build();
    try (Journal journal = Journal.open(options);
        Rig rig = new Rig(Strategy.HANDOFF)) {
      DurableActions actions =
          DurableActions.over(journal, DurableOptions.builder().forgetOnReturn(false).build());
      return Rig.join(actions.start(rig.loop, "action", null, body));
    }
  }

  @Test
  void aJournalThatIsClosedTooEarlyFailsTheActionAndKeepsWhatItHas() {
    Journal journal = Journal.open(folder);
    AtomicInteger made = new AtomicInteger();
    DurableBody<Integer> body =
        context -> {
          int first = context.call("first", Integer.class, made::incrementAndGet);
          if (made.get() == 1) {
            journal.close();
          }
          return first + context.call("second", Integer.class, made::incrementAndGet);
        };
    try (Rig rig = new Rig(Strategy.INLINE)) {
      DurableActions actions = DurableActions.over(journal, DurableOptions.builder().build());
      assertThat(Rig.failureOf(actions.start(rig.loop, "action", null, body)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }

    made.set(10);
    try (Journal again = Journal.open(folder);
        Rig rig = new Rig(Strategy.INLINE)) {
      assertThat(again.unfinishedActions()).containsExactly("action");
      DurableActions actions = DurableActions.over(again, DurableOptions.builder().build());
      assertThat(Rig.join(actions.start(rig.loop, "action", null, body))).isEqualTo(1 + 11);
      assertThat(again.unfinishedActions()).isEmpty();
    }
  }
}
