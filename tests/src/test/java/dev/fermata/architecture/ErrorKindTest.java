// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ErrorKind;
import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.loader.NativeLibrary;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The error kinds of Java and of the native engine are one list. */
class ErrorKindTest {
  @Test
  void javaMirrorsTheNativeKindsInNameAndRetryStatus() {
    assertThat(NativeLibrary.load().isLoaded()).isTrue();

    String[] java =
        Arrays.stream(ErrorKind.values())
            .filter(kind -> kind.nativeName() != null)
            .map(kind -> kind.nativeName() + ":" + camelCase(kind.retry().name()))
            .toArray(String[]::new);

    assertThat(NativeEngine.errorKinds().split(",")).containsExactlyInAnyOrder(java);
  }

  private static String camelCase(String constant) {
    return constant.charAt(0) + constant.substring(1).toLowerCase(Locale.ROOT);
  }
}
