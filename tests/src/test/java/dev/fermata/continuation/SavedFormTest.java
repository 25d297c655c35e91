// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static dev.fermata.continuation.SerialisationTest.read;
import static dev.fermata.continuation.SerialisationTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.fermata.ChildJvm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can be saved can be read, and what cannot is said by an {@code IOException}. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SavedFormTest {
  private static ContinuationFormat.Builder builder() {
    return ContinuationFormat.builder().allow(SavedFormTest.class);
  }

  private static Continuation given(Object... inputs) {
    Continuation continuation =
        new Continuation(
            self -> {
              Object last = null;
              while (true) {
                last = self.suspend(last);
              }
            });
    continuation.resume();
    for (Object input : inputs) {
      continuation.resume(input);
    }
    return continuation;
  }

  /** Reads a list and a date in a JVM that has a filter. */
  public static final class UnderAFilter {
    private UnderAFilter() {}

    public static void main(String[] arguments) throws Exception {
      ContinuationFormat format = builder().build();
      for (Object input : new Object[] {List.of(1), new Date(0)}) {
        try {
          System.out.println("read: " + read(write(given(input), format), format).value());
        } catch (IOException refused) {
          System.out.println("refused: " + refused);
        }
      }
    }
  }

  @Test
  void theFilterOfTheJvmHoldsAsWell() throws Exception {
    assertThat(run("!java.util.Date"))
        .contains("read: [1]")
        .contains("refused")
        .contains("jdk.serialFilter")
        .contains("java.util.Date");
    assertThat(run("!java.util.CollSer")).contains("java.util.CollSer").contains("read: ");
    assertThat(run("java.**;dev.fermata.continuation.*;!*")).contains("read: [1]");
  }

  private static String run(String filter) throws Exception {
    return new ChildJvm().with("-Djdk.serialFilter=" + filter).run(UnderAFilter.class);
  }

  /** A list of nodes, each of which is one level of serialisation. */
  private static final class Node implements Serializable {
    private static final long serialVersionUID = 1L;
    final Node next;

    Node(Node next) {
      this.next = next;
    }

    static Node chain(int length) {
      Node first = null;
      for (int i = 0; i < length; i++) {
        first = new Node(first);
      }
      return first;
    }
  }

  private static void cannotBeSaved(
      Continuation continuation, ContinuationFormat format, String message) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThatIOException()
        .isThrownBy(() -> continuation.writeTo(out, format))
        .withMessageContaining(message);
    assertThat(out.size()).isZero();
    assertThat(continuation.isResumable()).isTrue();
  }

  @Test
  void whatCouldNotBeReadIsNotWritten() throws Exception {
    ContinuationFormat format = builder().allow(Node.class).build();
    assertThat(read(write(given(Node.chain(20)), format), format).isResumable()).isTrue();
    cannotBeSaved(given(Node.chain(40)), format, "raise maxDepth");
    cannotBeSaved(given(new int[1_000_001]), format, "raise maxArrayLength");
    cannotBeSaved(given(Set.of(1)), format, "without a key");
    ContinuationFormat five = builder().maxHistory(5).build();
    assertThat(read(write(given(1, 2, 3, null, null), five), five).isResumable()).isTrue();
    cannotBeSaved(given(1, 2, 3, null, null, null), five, "raise maxHistory");
  }

  @Test
  void aStackThatIsTooSmallIsAnIoException() {
    cannotBeSaved(
        given(Node.chain(200_000)), builder().allow(Node.class).build(), "StackOverflowError");
  }

  /** Needs a class that is missing where it is read. */
  private static final class Unlinked implements Serializable {
    private static final long serialVersionUID = 1L;

    private void readObject(ObjectInputStream in) {
      throw new NoClassDefFoundError("missing");
    }
  }

  @Test
  void aClassThatCannotBeLinkedIsAnIoException() throws Exception {
    cannotBeSaved(given(new Unlinked()), builder().allow(Unlinked.class).build(), "missing");
    byte[] bytes =
        HostileBytesTest.withObject(new SerialisationTest.Collecting(""), new Unlinked());
    ContinuationFormat format =
        builder().allow(SerialisationTest.Collecting.class, Unlinked.class).build();
    assertThatIOException()
        .isThrownBy(() -> read(bytes, format))
        .withCauseInstanceOf(NoClassDefFoundError.class);
  }

  /** Counts as far as it is told. */
  private static final class Counting extends Generator<Integer> {
    private static final long serialVersionUID = 1L;
    private final int end;
    private final ArrayList<Object> left = new ArrayList<>();

    Counting(int end) {
      this.end = end;
    }

    @Override
    protected void generate() {
      for (int i = 0; i < end; i++) {
        emit(i);
      }
      left.add(new Object());
    }
  }

  @Test
  void continuationsAndGeneratorsHoldOthers() throws Exception {
    Counting held = new Counting(9);
    held.next();
    Continuation outer = given(held, given("inner"));
    ContinuationFormat format = builder().allow(Counting.class).build();
    Continuation read = read(write(outer, format), format);
    assertThat(((Continuation) read.value()).value()).isEqualTo("inner");

    Continuation holding = given(held);
    Counting after = (Counting) read(write(holding, format), format).value();
    assertThat(after.next()).isEqualTo(1);
    assertThat(held.next()).isEqualTo(1);
  }

  @Test
  void theLimitOfTheHistoryHoldsForThoseThatAreHeld() {
    ContinuationFormat five = builder().maxHistory(5).build();
    cannotBeSaved(given(given(1, 2, null, null, null, null)), five, "raise maxHistory");
  }

  @Test
  void circlesAreRefused() throws Exception {
    Continuation itself = given();
    itself.resume(itself);
    cannotBeSaved(itself, builder().build(), "circle");
    byte[] bytes = SerialisationTest.javaBytes(itself);
    assertThatIOException()
        .isThrownBy(() -> SerialisationTest.javaRead(bytes, null))
        .withMessageContaining("circle");

    Continuation first = given();
    Continuation second = given(first);
    first.resume(second);
    byte[] mutual = SerialisationTest.javaBytes(List.of(first, second));
    assertThatIOException()
        .isThrownBy(() -> SerialisationTest.javaRead(mutual, null))
        .withMessageContaining("circle");
  }

  @Test
  void aGeneratorAtItsEndWhoseFieldsCannotBeSerialisedSaysSo() {
    Counting ended = new Counting(1);
    ended.next();
    assertThat(ended.hasNext()).isFalse();
    assertThatExceptionOfType(NotSerializableException.class)
        .isThrownBy(() -> SerialisationTest.javaBytes(ended))
        .withMessageContaining("java.lang.Object");
  }

  @Test
  void statesThatDoNotExistAreRefused() throws Exception {
    ContinuationFormat format = builder().allow(Counting.class).build();
    byte[] untaken = write(given(), format);
    untaken[10] = 4;
    assertThatIOException()
        .isThrownBy(() -> read(untaken, format))
        .withMessageContaining("untaken");

    byte[] javaForm = SerialisationTest.javaBytes(given());
    byte[] negative = javaForm.clone();
    // The end is the number of steps, the number of null inputs, and the end of the block and
    // object.
    negative[negative.length - 13] = -1;
    assertThatIOException()
        .isThrownBy(() -> SerialisationTest.javaRead(negative, null))
        .withMessageContaining("no number of steps");

    byte[] noFields = {
      'F', 'M', 'C', 'N', 1, 0, 0, 0, 0, 14, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    };
    assertThatIOException()
        .isThrownBy(
            () -> Generator.readFrom(new ByteArrayInputStream(noFields), format, Counting.class))
        .withMessageContaining("without its fields");
  }
}
