// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A dialogue that is saved, and goes on with other code of the same class. */
class HotSwapTest {
  /** Says what its code is; the new code differs by constants of the same length. */
  static final class Dialogue implements ContinuationEntryPoint {
    private static final long serialVersionUID = 1L;

    @Override
    public void start(SuspendCapability capability) {
      String steps = "as they were";
      String name = capability.suspend("name?");
      if (steps.startsWith("other")) {
        capability.once(() -> null);
      }
      capability.suspend("old code greets " + name);
      capability.suspend("old code bids farewell to " + name);
    }
  }

  @Test
  void whatWasSavedGoesOnWithTheNewCode() throws Exception {
    Class<?> newer = changed("old code", "new code");

    try (Continuation dialogue = read(saved("Ada"), newer)) {
      assertThat(dialogue.value()).isEqualTo("new code greets Ada");
      dialogue.resume();
      assertThat(dialogue.value()).isEqualTo("new code bids farewell to Ada");
    }
  }

  @Test
  void theOldCodeGoesOnBesideIt() throws Exception {
    byte[] saved = saved("Ada");
    try (Continuation before = read(saved, Dialogue.class);
        Continuation after = read(saved, changed("old code", "new code"))) {
      assertThat(before.value()).isEqualTo("old code greets Ada");
      assertThat(after.value()).isEqualTo("new code greets Ada");
    }
  }

  @Test
  void newCodeThatTakesOtherStepsIsRefusedAtTheFirstThatDiffers() throws Exception {
    Class<?> newer = changed("as they were", "other by now");

    try (Continuation dialogue = read(saved("Ada"), newer)) {
      assertThatThrownBy(dialogue::resume)
          .isInstanceOf(NonDeterministicContinuationException.class)
          .hasMessageContaining("once");
    }
  }

  @Test
  void aCopyHasTheClassesThatTheOriginalHas() throws Exception {
    Class<?> newer = changed("old code", "new code");
    Constructor<?> constructor = newer.getDeclaredConstructor();
    constructor.setAccessible(true);
    ContinuationEntryPoint captured = (ContinuationEntryPoint) constructor.newInstance();

    try (Continuation original = new Continuation(self -> self.suspend(captured.getClass()))) {
      original.resume();
      assertThat(original.value()).isSameAs(newer);
      try (Continuation copy = original.copy()) {
        assertThat(copy.value()).isSameAs(newer);
      }
    }
  }

  private static byte[] saved(String name) throws IOException {
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    try (Continuation dialogue = new Continuation(new Dialogue())) {
      dialogue.resume();
      dialogue.resume(name);
      dialogue.writeTo(saved, ContinuationFormat.allowing(Dialogue.class));
    }
    return saved.toByteArray();
  }

  private static Continuation read(byte[] saved, Class<?> code) throws IOException {
    return Continuation.readFrom(
        new ByteArrayInputStream(saved), ContinuationFormat.allowing(code));
  }

  /** The class with a constant replaced, of a loader of its own. */
  private static Class<?> changed(String constant, String by) throws Exception {
    String name = Dialogue.class.getName();
    String code;
    try (InputStream in =
        Dialogue.class.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
      code = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
    assertThat(code).contains(constant);
    byte[] changed = code.replace(constant, by).getBytes(StandardCharsets.ISO_8859_1);
    return new ClassLoader(HotSwapTest.class.getClassLoader()) {
      @Override
      protected Class<?> loadClass(String wanted, boolean resolve) throws ClassNotFoundException {
        return wanted.equals(name)
            ? defineClass(name, changed, 0, changed.length)
            : super.loadClass(wanted, resolve);
      }
    }.loadClass(name);
  }
}
