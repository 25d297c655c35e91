// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's model server as a process; the embedding model needs Java 17. */
@Tag("java21")
class ModelServerTest {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  @TempDir Path folder;

  @Test
  void embedsByMeaningAndRepliesByRule() throws Exception {
    try (ModelServerProcess server = start();
        ModelClient model = new ModelClient(Endpoint.local(server.port()))) {
      List<float[]> prototypes = new ArrayList<>();
      for (String sentence : NearestPrototype.sentences()) {
        prototypes.add(model.embed(sentence).get());
      }
      NearestPrototype judge = new NearestPrototype(prototypes);

      assertThat(judge.judge(model.embed("What a wonderful camera!").get()).positive()).isTrue();
      assertThat(judge.judge(model.embed("It broke on the first day.").get()).positive()).isFalse();
      assertThat(model.chat("Reply.", "The battery is weak.").get()).contains("battery");
      assertThatThrownBy(() -> model.embed(" ").get())
          .hasCauseInstanceOf(ModelException.class)
          .hasMessageContaining("400")
          .hasMessageContaining("input must be a text");
    }
  }

  @Test
  void endsWhenItsInputEnds() throws Exception {
    ModelServerProcess server = start();
    ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
    server.close();

    assertThat(process.onExit().get(1, TimeUnit.MINUTES).isAlive()).isFalse();
  }

  private ModelServerProcess start() throws Exception {
    return ModelServerProcess.start(JAVA, Duration.ZERO, folder.resolve("log"));
  }
}
