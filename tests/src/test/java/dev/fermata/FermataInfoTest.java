// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FermataInfoTest {
  @Test
  void itTellsWhatHoldsInThisProcess() {
    FermataInfo info = FermataInfo.current();

    assertThat(info.nativeLibraryFailure()).isEmpty();
    assertThat(info.nativeLibraryVersion()).hasValue(info.version());
    assertThat(info.nativeLibraryPath()).isPresent();
    assertThat(info.defaultQueueCapacity()).isEqualTo(65_536);
    assertThat(info.defaultMaxCalls()).isEqualTo(1_048_576);
    for (OwnerKind kind : OwnerKind.values()) {
      Strategy strategy = info.strategy(kind).orElseThrow();
      try (ContinuationActionExecutor executor =
          ContinuationActionExecutor.builder().ownerKind(kind).build()) {
        assertThat(executor.strategy()).isEqualTo(strategy).isNotEqualTo(Strategy.INLINE);
      }
      assertThat(info.reason(kind)).isNotBlank();
      assertThat(info.toString()).contains(kind + ": " + strategy + " (" + info.reason(kind) + ")");
    }
  }

  @Test
  void theCommandPrintsIt() throws Exception {
    String printed = new ChildJvm().run(FermataInfo.class);

    assertThat(printed)
        .contains("Fermata " + FermataInfo.current().version() + ", Java ")
        .contains("Native library " + FermataInfo.current().version() + " from /")
        .contains("Owners of kind MAILBOX: ")
        .contains("65,536 calls that wait for a worker");
  }

  @Test
  void aLibraryThatIsSwitchedOffIsTold() throws Exception {
    String printed = new ChildJvm().with("-Dfermata.native=off").run(FermataInfo.class);

    assertThat(printed)
        .contains("not loaded: it is switched off by -Dfermata.native=off. Remedy: ")
        .contains("Owners of kind LOOP: INLINE (no native library");
  }

  @Test
  void whatMakesAnExecutorFailIsToldAndNotThrown() throws Exception {
    String withoutLibrary =
        new ChildJvm()
            .with("-Dfermata.native=required", "-Dfermata.native.path=/nowhere")
            .run(FermataInfo.class);
    String withoutStrategy =
        new ChildJvm().with("-Dfermata.strategy=telepathy").run(FermataInfo.class);

    assertThat(withoutLibrary)
        .containsPattern("Owners of kind LOOP: no executor \\(.*/nowhere is not the absolute path");
    assertThat(withoutStrategy)
        .contains("Owners of kind LOOP: no executor (-Dfermata.strategy=telepathy is no strategy");
  }
}
