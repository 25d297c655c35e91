// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static dev.fermata.continuation.SerialisationTest.read;
import static dev.fermata.continuation.SerialisationTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes of whoever: an error, and nothing has run. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileBytesTest {
  private static volatile String ran;

  private final ContinuationFormat format =
      ContinuationFormat.allowing(SerialisationTest.Collecting.class);

  @AfterEach
  void nothingHasRun() {
    assertThat(ran).isNull();
  }

  /** What a class on the class path may do when it is read, or even loaded. */
  private static class Gadget implements ContinuationEntryPoint, Comparator<Object> {
    private static final long serialVersionUID = 1L;

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      ran = "readObject";
    }

    private Object readResolve() {
      ran = "readResolve";
      return this;
    }

    @Override
    public void start(SuspendCapability self) {
      ran = "start";
    }

    @Override
    public int compare(Object first, Object second) {
      ran = "compare";
      return 0;
    }
  }

  /** One whose very loading can be seen. */
  private static final class Initialised implements Serializable {
    private static final long serialVersionUID = 1L;

    static {
      ran = "class initialiser";
    }
  }

  private static byte[] frame(int version, int flags, byte[] body, int length) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(0x464d434e);
    out.writeByte(version);
    out.writeByte(flags);
    out.writeInt(length);
    out.write(body);
    return bytes.toByteArray();
  }

  /** A continuation whose entry point, or else whose first input, is the given object. */
  static byte[] withObject(Object entry, Object input) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(1);
    value(out, entry);
    out.writeInt(input == null ? 0 : 1);
    if (input != null) {
      out.writeLong(0);
      out.writeByte(0);
      value(out, input);
    }
    out.writeLong(0);
    return frame(1, 0, bytes.toByteArray(), bytes.size());
  }

  private static void value(DataOutputStream out, Object value) throws IOException {
    byte[] object = SerialisationTest.javaBytes(value);
    out.writeByte(7);
    out.writeInt(object.length);
    out.write(object);
  }

  private void refuses(byte[] bytes, String message) {
    assertThatIOException()
        .isThrownBy(() -> read(bytes, format))
        .satisfies(e -> assertThat(e + " " + e.getCause()).contains(message));
  }

  @Test
  void classesThatAreNotAllowedAreNotMade() throws Exception {
    refuses(withObject(new Gadget(), null), "Gadget");
    Object entry = new SerialisationTest.Collecting("");
    assertThat(read(withObject(entry, "input"), format).isResumable()).isTrue();
    refuses(withObject(entry, new Gadget()), "is not allowed");
    refuses(withObject(entry, new Object[] {new ArrayList<>(List.of(new Gadget()))}), "Gadget");
    PriorityQueue<Object> queue = new PriorityQueue<>(2, new Gadget());
    refuses(withObject(entry, queue), "PriorityQueue");
    refuses(withObject(entry, Gadget.class), "Gadget");
    refuses(withObject(entry, new Gadget[0]), "Gadget");
    InvocationHandler handler = (InvocationHandler & Serializable) (proxy, method, given) -> null;
    Object proxy =
        Proxy.newProxyInstance(
            HostileBytesTest.class.getClassLoader(), new Class<?>[] {Runnable.class}, handler);
    refuses(withObject(entry, proxy), "proxy");
    refuses(withObject(entry, new java.io.File("/")), "java.io.File");
  }

  @Test
  void lambdasOfClassesThatAreNotAllowedAreNotMade() throws Exception {
    ContinuationEntryPoint lambda = self -> ran = "lambda";
    refuses(withObject(lambda, null), "HostileBytesTest");
  }

  /** Has a name as long as that of {@link Initialised}, which the bytes are made to name. */
  private static final class Initialisex implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void aClassIsNotEvenInitialised() throws Exception {
    byte[] bytes = withObject(new SerialisationTest.Collecting(""), new Initialisex());
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("Initialisex") + 10;
    bytes[at] = 'd';
    refuses(bytes, "Initialised");
  }

  @Test
  void anEntryPointMustBeOne() throws Exception {
    refuses(withObject("text", null), "is no dev.fermata.continuation.ContinuationEntryPoint");
    refuses(withObject(new int[0], null), "is no");
    refuses(frame(1, 0, new byte[] {1, 0, 0, 0, 0, 0}, 6), "null is no");
  }

  @Test
  void lengthsAreChecked() throws Exception {
    byte[] body = {0, 7, 0x7f, -1, -1, -1};
    refuses(frame(1, 0, body, body.length), "ends in the middle");
    refuses(frame(1, 0, body, Integer.MAX_VALUE), "maxBytes");
    refuses(frame(1, 0, body, -1), "maxBytes");
    refuses(frame(1, 0, body, 1 << 20), "ends in the middle");
    refuses(frame(2, 0, body, body.length), "version 2");
    refuses(frame(1, 4, body, body.length), "newer version");
    byte[] endless = withObject(new SerialisationTest.Collecting(""), null);
    byte[] longHistory = endless.clone();
    longHistory[endless.length - 8] = 0x7f;
    refuses(longHistory, "no number of inputs");
    byte[] negative = endless.clone();
    Arrays.fill(negative, endless.length - 8, endless.length, (byte) -1);
    refuses(negative, "no number of inputs");
    byte[] manySteps = endless.clone();
    Arrays.fill(manySteps, endless.length - 12, endless.length - 8, (byte) -1);
    refuses(manySteps, "");
    byte[] more = Arrays.copyOf(endless, endless.length + 1);
    more[9]++;
    refuses(more, "after its end");
  }

  @Test
  void deepGraphsAreRefused() throws Exception {
    Object deep = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      deep = new ArrayList<>(Arrays.asList(deep));
    }
    refuses(withObject(new SerialisationTest.Collecting(""), deep), "raise maxDepth");
  }

  /** A set whose element was filled after it was added: its hash code takes a year to compute. */
  private static HashSet<Object> hashedForEver() {
    List<Object> nested = new ArrayList<>(List.of(1));
    for (int depth = 0; depth < 5; depth++) {
      nested = new ArrayList<>(Collections.nCopies(1000, nested));
    }
    List<Object> element = new ArrayList<>();
    HashSet<Object> set = new HashSet<>();
    set.add(element);
    element.addAll(nested);
    return set;
  }

  @Test
  void collectionsThatHashOrCompareAreLeftToWhoNamesOneOrHasAKey() throws Exception {
    Object entry = new SerialisationTest.Collecting("");
    List<Object> collections =
        List.of(
            new HashMap<>(),
            new HashSet<>(),
            new LinkedHashMap<>(),
            new LinkedHashSet<>(),
            new TreeMap<>(),
            new TreeSet<>(),
            Set.of(),
            Set.of(1, 2),
            Map.of(),
            Map.of(1, 2, 3, 4),
            new HashMap<?, ?>[0]);
    ContinuationFormat named =
        ContinuationFormat.allowing(SerialisationTest.Collecting.class, TreeMap.class);
    for (Object collection : collections) {
      byte[] bytes = withObject(entry, collection);
      refuses(bytes, "not allowed without a key");
      assertThat(read(bytes, named).isResumable()).isTrue();
      Continuation holding = new Continuation(new SerialisationTest.Collecting(""));
      holding.resume();
      holding.resume(collection);
      ContinuationFormat keyed =
          ContinuationFormat.builder()
              .allow(SerialisationTest.Collecting.class)
              .key(new SecretKeySpec(new byte[32], "HmacSHA256"))
              .build();
      assertThat(read(write(holding, keyed), keyed).isResumable()).isTrue();
    }
    refuses(withObject(entry, hashedForEver()), "not allowed without a key");
    refuses(withObject(entry, new Object[] {List.of(hashedForEver())}), "HashSet");
  }

  @Test
  void immutableListsAreRead() throws Exception {
    Object entry = new SerialisationTest.Collecting("");
    for (List<Object> list : List.of(List.of(), List.<Object>of(1, "2", List.of(3)))) {
      assertThat(read(withObject(entry, list), format).value()).isEqualTo("[" + list + "]");
    }
    // Those of Stream.toList, as JDK 16 and later write them: there is no such kind on JDK 11.
    byte[] ofStream = withObject(entry, List.of("a", "b"));
    int kind = new String(ofStream, StandardCharsets.ISO_8859_1).indexOf("tagxp") + 8;
    assertThat(ofStream[kind]).isEqualTo((byte) 1);
    ofStream[kind] = 4;
    assertThat(read(ofStream, format).value()).isEqualTo("[[a, b]]");
    ofStream[kind] = 5;
    refuses(ofStream, "of kind 5");
  }

  @Test
  void noFlippedBitDoesMoreThanAnErrorOrAnotherValue() throws Exception {
    Continuation continuation = new Continuation(new SerialisationTest.Collecting("flip"));
    continuation.resume();
    continuation.resume("input");
    continuation.resume(new ArrayList<>(List.of(1, 2)));
    continuation.resume(new java.math.BigDecimal("1.5"));
    byte[] bytes = write(continuation, format);
    Random random = new Random(1);
    int read = 0;
    int times = 20_000 / Integer.getInteger("fermata.test.divisor", 1);
    for (int i = 0; i < times; i++) {
      byte[] flipped = bytes.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        read(flipped, format);
        read++;
      } catch (IOException refused) {
        // The only other outcome.
      }
    }
    assertThat(read).isLessThan(times);
  }
}
