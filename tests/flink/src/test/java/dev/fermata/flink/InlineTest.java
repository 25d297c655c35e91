// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Without the native library nothing overlaps, and all else holds. In a JVM of its own. */
@Timeout(60)
class InlineTest {
  private static final ValueStateDescriptor<Integer> SUM =
      new ValueStateDescriptor<>("sum", Types.INT);

  @Test
  void withoutTheNativeLibraryCallsRunInPlace() throws Exception {
    assertThat(run(Child.class)).isEqualTo("[a1, b2, W5, a4] [a9]");
  }

  @Test
  void withoutTheNativeLibraryAJournalIsRefused(@TempDir Path folder) throws Exception {
    assertThat(run(JournalChild.class, folder.toString()))
        .contains("No call can be kept in " + folder)
        .contains("native");
  }

  private static String run(Class<?> main, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dfermata.native=off");
    command.add("--add-opens=java.base/java.util=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Process child =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output =
        new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();

    assertThat(child.waitFor()).isZero();
    return output;
  }

  /** Prints why the operator does not start with a journal. */
  static final class JournalChild {
    private JournalChild() {}

    public static void main(String[] args) throws Exception {
      try {
        OperatorRig.open((element, context, out) -> {}, OperatorRig.options().journal(args[0]))
            .close();
      } catch (IOException refused) {
        System.out.println(refused.getMessage());
      }
    }
  }

  /** Retries, sleeps, gathers, awaits and sums over a checkpoint. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      int[] attempts = new int[1];
      CallOptions twice =
          CallOptions.create()
              .deadline(Duration.ofSeconds(10))
              .retry(RetryPolicy.exponential(2, Duration.ofMillis(1), Duration.ofMillis(1)));
      DurableFunction<String, org.apache.flink.api.java.tuple.Tuple2<String, Integer>, String>
          function =
              (element, context, out) -> {
                int number =
                    context.call(
                        "call",
                        Types.INT,
                        twice,
                        () -> {
                          if (attempts[0]++ == 0) {
                            throw new IOException("once");
                          }
                          return element.f1;
                        });
                context.sleep(Duration.ofMillis(1));
                List<Integer> parts =
                    context.gather("part", Integer.class, List.of(() -> 0, () -> number));
                int later =
                    context.callAsync(
                        "later", Types.INT, twice, () -> CompletableFuture.supplyAsync(() -> 1));
                ValueState<Integer> sum = context.getState(SUM);
                sum.update((sum.value() == null ? 0 : sum.value()) + parts.get(1) * later);
                out.collect(context.key() + sum.value());
              };
      OperatorSubtaskState state;
      String output;
      try (OperatorRig rig = OperatorRig.open(function)) {
        rig.send("a", 1, 1).send("b", 2, 2).watermark(5).send("a", 3, 6);
        output = rig.output().toString();
        state = rig.snapshot();
      }
      try (OperatorRig rig = OperatorRig.restore(function, OperatorRig.options(), state)) {
        rig.send("a", 5, 7);
        System.out.println(output + " " + rig.output());
      }
    }
  }
}
