// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.NotSerializableException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Continuations that are saved and read again by those who may. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SerialisationTest {
  private static final SecretKey KEY = new SecretKeySpec(new byte[32], "HmacSHA256");

  /** Collects all that it is given; its fields are its arguments. */
  static final class Collecting implements ContinuationEntryPoint {
    private static final long serialVersionUID = 1L;
    private final ArrayList<Object> collected = new ArrayList<>();
    private final String name;
    private SuspendCapability capability;

    Collecting(String name) {
      this.name = name;
    }

    @Override
    public void start(SuspendCapability self) {
      capability = self;
      while (collected.size() < 100) {
        collected.add(capability.suspend(name + collected));
      }
    }
  }

  static final class Point implements Serializable {
    private static final long serialVersionUID = 1L;
    final int x;

    Point(int x) {
      this.x = x;
    }

    @Override
    public String toString() {
      return "Point " + x;
    }
  }

  static ContinuationFormat format() {
    return ContinuationFormat.allowing(
        SerialisationTest.class, Collecting.class, Point.class, HashMap.class);
  }

  static byte[] write(Continuation continuation, ContinuationFormat format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    continuation.writeTo(out, format);
    return out.toByteArray();
  }

  static Continuation read(byte[] bytes, ContinuationFormat format) throws IOException {
    return Continuation.readFrom(new ByteArrayInputStream(bytes), format);
  }

  static byte[] javaBytes(Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    return bytes.toByteArray();
  }

  static Object javaRead(byte[] bytes, ObjectInputFilter filter)
      throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      in.setObjectInputFilter(filter);
      return in.readObject();
    }
  }

  private static Continuation withManyInputs() {
    Continuation continuation = new Continuation(new Collecting("all of "));
    Object[] inputs = {
      null,
      null,
      null,
      1,
      2L,
      3.5,
      "four \ud83d\ude00",
      true,
      false,
      '6',
      "half \ud83d",
      null,
      new BigDecimal("7.5"),
      Instant.EPOCH,
      List.of(1, 2),
      Map.of("k", 1),
      new int[] {8},
      new Point[] {new Point(9)},
      new Point(10),
      new ArrayList<>(Arrays.asList("a", null)),
      new HashMap<>(Map.of(1, 2)),
      java.util.UUID.fromString("0-0-0-0-1")
    };
    for (Object input : inputs) {
      assertThat(continuation.resume(input)).isTrue();
    }
    return continuation;
  }

  private static String normal(Object value) {
    return value.toString().replaceAll("@[0-9a-f]+", "@");
  }

  @Test
  void aSavedOneGoesOnWithAllThatItWasGiven() throws Exception {
    Continuation first = withManyInputs();
    Continuation own = read(write(first, format()), format());
    Continuation java = (Continuation) javaRead(javaBytes(first), null);
    Continuation again = read(write(own, format()), format());

    for (Continuation other : List.of(own, java, again)) {
      assertThat(other.isResumable()).isTrue();
      assertThat(normal(other.value())).isEqualTo(normal(first.value()));
      other.resume("more");
      assertThat((String) other.value()).endsWith(", more]");
    }
    assertThat((String) first.value()).doesNotContain("more");
  }

  @Test
  void itIsReadNoFurtherThanItGoes() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    withManyInputs().writeTo(out, format());
    out.write("behind it".getBytes(StandardCharsets.US_ASCII));
    InputStream in = new ByteArrayInputStream(out.toByteArray());
    Continuation.readFrom(in, format());
    assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII)).isEqualTo("behind it");
  }

  @Test
  void lambdasAreSavedWithWhatTheyCapture() throws Exception {
    Point captured = new Point(3);
    Continuation first =
        new Continuation(self -> self.suspend(captured + self.<String>suspend(captured)));
    first.resume();
    Continuation second = read(write(first, format()), format());
    assertThat(second.value()).hasToString("Point 3");
    second.resume("!");
    assertThat(second.value()).isEqualTo("Point 3!");
  }

  @Test
  void unbegunAndCompletedOnesStaySo() throws Exception {
    Continuation continuation = new Continuation(new Collecting("unbegun "));
    Continuation unbegun = read(write(continuation, format()), format());
    assertThat(unbegun.value()).isNull();
    assertThat(unbegun.resume()).isTrue();
    assertThat(unbegun.value()).isEqualTo("unbegun []");

    Continuation ended = new Continuation(SuspendCapability::suspend);
    ended.resume();
    ended.resume();
    for (Continuation completed :
        List.of(
            read(write(ended, format()), format()),
            (Continuation) javaRead(javaBytes(ended), null))) {
      assertThat(completed.isCompleted()).isTrue();
      assertThatExceptionOfType(IllegalContinuationStateException.class)
          .isThrownBy(completed::resume);
    }
  }

  @Test
  void recordedExceptionsAndRefusalsAreSaved() throws Exception {
    Continuation first =
        new Continuation(
            self -> {
              try {
                self.once(
                    () -> {
                      throw new IOException("no answer");
                    });
              } catch (Exception e) {
                self.suspend();
                self.suspend(e.getClass().getSimpleName() + " " + e.getMessage());
              }
            });
    first.resume();
    first.resume();
    assertThat(read(write(first, format()), format()).value()).isEqualTo("IOException no answer");
  }

  @Test
  void anotherCodecMayBeUsed() throws Exception {
    ContinuationFormat codec =
        ContinuationFormat.builder()
            .codec(
                new ContinuationFormat.Codec() {
                  @Override
                  public byte[] write(Object value) {
                    return new byte[] {
                      (byte) (value instanceof Collecting ? -1 : ((Point) value).x)
                    };
                  }

                  @Override
                  public Object read(byte[] bytes) {
                    return bytes[0] == -1 ? new Collecting("decoded ") : new Point(bytes[0]);
                  }
                })
            .build();
    Continuation first = new Continuation(new Collecting("written "));
    first.resume();
    first.resume(new Point(5));
    first.resume("text");
    byte[] bytes = write(first, codec);
    assertThat(read(bytes, codec).value()).isEqualTo("decoded [Point 5, text]");
    assertThatIOException()
        .isThrownBy(() -> read(bytes, format()))
        .withMessageContaining("with a codec");
  }

  @Test
  void whatIsNotAllowedIsNotWritten() {
    Continuation continuation = new Continuation(new Collecting(""));
    continuation.resume();
    continuation.resume(new Point(1));
    assertThatIOException()
        .isThrownBy(() -> write(continuation, ContinuationFormat.allowing(Collecting.class)))
        .withMessageContaining("Point")
        .withMessageContaining("ContinuationFormat.Builder.allow");
    assertThat(continuation.isResumable()).isTrue();
  }

  @Test
  void aLiveOneAndOneThatCannotBeSerialisedSayWhy() {
    Continuation live = Continuation.live(SuspendCapability::suspend);
    assertThatIllegalStateException()
        .isThrownBy(() -> write(live, format()))
        .withMessageContaining("Continuation.live");
    Object notSerialisable = new Object();
    Continuation other = new Continuation(self -> self.suspend(notSerialisable));
    assertThatExceptionOfType(NotSerializableException.class)
        .isThrownBy(() -> write(other, format()))
        .withMessageContaining("java.lang.Object");
    assertThatExceptionOfType(NotSerializableException.class)
        .isThrownBy(() -> javaBytes(other))
        .withMessageContaining("java.lang.Object");
  }

  @Test
  void aKeyIsDemanded() throws Exception {
    Continuation continuation = withManyInputs();
    ContinuationFormat keyed = keyed(KEY);
    byte[] bytes = write(continuation, keyed);
    assertThat(normal(read(bytes, keyed).value())).isEqualTo(normal(continuation.value()));

    assertThatIOException()
        .isThrownBy(() -> read(bytes, keyed(new SecretKeySpec(new byte[] {1}, "HmacSHA256"))))
        .withMessageContaining("The MAC is wrong");
    assertThatIOException()
        .isThrownBy(() -> read(bytes, format()))
        .withMessageContaining("has a MAC");
    assertThatIOException()
        .isThrownBy(() -> read(write(continuation, format()), keyed))
        .withMessageContaining("has no MAC");
    for (int i = 0; i < bytes.length; i++) {
      byte[] flipped = bytes.clone();
      flipped[i] ^= 1;
      assertThatIOException().isThrownBy(() -> read(flipped, keyed));
    }
  }

  private static ContinuationFormat keyed(SecretKey key) {
    return ContinuationFormat.builder()
        .allow(SerialisationTest.class, Collecting.class, Point.class)
        .key(key)
        .build();
  }

  @Test
  void limitsHold() throws Exception {
    Continuation continuation = new Continuation(new Collecting(""));
    for (int i = 0; i < 50; i++) {
      continuation.resume();
    }
    continuation.resume(new int[1000]);
    byte[] bytes = write(continuation, format());
    assertThatIOException()
        .isThrownBy(() -> read(bytes, limited().maxHistory(49).build()))
        .withMessageContaining("maxHistory");
    assertThatIOException()
        .isThrownBy(() -> read(bytes, limited().maxBytes(bytes.length - 11).build()))
        .withMessageContaining("maxBytes");
    assertThatIOException()
        .isThrownBy(() -> write(continuation, limited().maxBytes(100).build()))
        .withMessageContaining("maxBytes");
    assertThatIOException()
        .isThrownBy(() -> read(bytes, limited().maxArrayLength(999).build()))
        .withMessageContaining("raise maxArrayLength");
    List<Object> nested = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      nested = new ArrayList<>(Arrays.asList(nested));
    }
    continuation.resume(nested);
    assertThatIOException()
        .isThrownBy(() -> write(continuation, format()))
        .withMessageContaining("raise maxDepth");
    byte[] deep = write(continuation, limited().maxDepth(100).build());
    assertThatIOException()
        .isThrownBy(() -> read(deep, format()))
        .withMessageContaining("raise maxDepth");
    assertThat(read(deep, limited().maxDepth(100).build()).isResumable()).isTrue();
    assertThat(read(bytes, limited().build()).isResumable()).isTrue();
  }

  private static ContinuationFormat.Builder limited() {
    return ContinuationFormat.builder().allow(SerialisationTest.class, Collecting.class);
  }

  @Test
  void everyTruncationIsAnError() throws Exception {
    byte[] bytes = write(withManyInputs(), format());
    for (int length = 0; length < bytes.length; length++) {
      byte[] truncated = Arrays.copyOf(bytes, length);
      assertThatExceptionOfType(EOFException.class).isThrownBy(() -> read(truncated, format()));
    }
  }

  @Test
  void theReadersOwnFilterSeesAllOfAJavaStream() throws Exception {
    Continuation continuation = new Continuation(new Collecting(""));
    continuation.resume();
    continuation.resume(new Point(1));
    byte[] bytes = javaBytes(continuation);
    for (Class<?> refused : List.of(Point.class, Collecting.class, SavedContinuation.class)) {
      ObjectInputFilter filter =
          info ->
              info.serialClass() == refused
                  ? ObjectInputFilter.Status.REJECTED
                  : ObjectInputFilter.Status.UNDECIDED;
      assertThatIOException().isThrownBy(() -> javaRead(bytes, filter));
    }
  }

  @Test
  void whatFermataThrewInAnEffectIsSaved() throws IOException {
    Continuation continuation =
        new Continuation(
            self -> {
              try {
                self.once(
                    () -> {
                      self.suspend();
                      return 1;
                    });
              } catch (IllegalContinuationStateException refused) {
                self.suspend(refused.getMessage());
              }
            });
    continuation.resume();
    ContinuationFormat format = ContinuationFormat.allowing(SerialisationTest.class);
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    continuation.writeTo(saved, format);

    try (Continuation read =
        Continuation.readFrom(new ByteArrayInputStream(saved.toByteArray()), format)) {
      assertThat(read.value()).isEqualTo(continuation.value());
    }
    continuation.close();
  }
}
