// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.fermata.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Continuations that go from process to process, of other JDKs and other versions of Fermata. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MigrationTest {
  /** Fibonacci numbers, with what it is given added; half of it in fields, half of it in frames. */
  static final class Fibonacci implements ContinuationEntryPoint {
    private static final long serialVersionUID = 1L;
    private final ArrayList<Long> numbers = new ArrayList<>(List.of(0L, 1L));

    @Override
    public void start(SuspendCapability self) {
      long chance = self.once(() -> 7L);
      for (int i = 2; i < 60; i++) {
        Number given = self.suspend(numbers.get(i - 1) + chance);
        numbers.add(
            numbers.get(i - 1) + numbers.get(i - 2) + (given == null ? 0 : given.intValue()));
      }
    }
  }

  /** Emits square numbers. */
  static final class Squares extends Generator<Integer> {
    private static final long serialVersionUID = 1L;
    private final int from;

    Squares(int from) {
      this.from = from;
    }

    @Override
    protected void generate() {
      for (int i = from; ; i++) {
        emit(i * i);
      }
    }
  }

  private static final ContinuationFormat FORMAT =
      ContinuationFormat.allowing(Fibonacci.class, Squares.class);

  private static Object input(int step) {
    return step == 0 || step % 3 == 0 ? null : step % 3 == 1 ? (Object) step : (Object) 2.5;
  }

  private static void go(Continuation continuation, int from, int to) {
    for (int step = from; step < to; step++) {
      assertThat(continuation.resume(input(step))).isTrue();
    }
  }

  private static void save(Continuation continuation, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      continuation.writeTo(out, FORMAT);
    }
  }

  private static Continuation load(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Continuation.readFrom(in, FORMAT);
    }
  }

  private static void saveJava(Object value, Path file) throws IOException {
    try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(file))) {
      out.writeObject(value);
    }
  }

  private static Object loadJava(Path file) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(file))) {
      return in.readObject();
    }
  }

  /** Goes on for ten steps with what is in the folder. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Continuation continuation = load(folder.resolve("own"));
    go(continuation, 10, 20);
    save(continuation, folder.resolve("own"));
    Squares squares = (Squares) loadJava(folder.resolve("java"));
    System.out.println("square " + squares.next());
    saveJava(squares, folder.resolve("java"));
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 17, 21, 25})
  void aHalfDoneComputationGoesToAnotherJdkAndBack(int version, @TempDir Path folder)
      throws Exception {
    Continuation straight = new Continuation(new Fibonacci());
    go(straight, 0, 30);
    Continuation begun = new Continuation(new Fibonacci());
    go(begun, 0, 10);
    save(begun, folder.resolve("own"));
    Squares squares = new Squares(5);
    squares.next();
    squares.next();
    saveJava(squares, folder.resolve("java"));

    String output = new ChildJvm().on(version).run(MigrationTest.class, folder.toString());

    assertThat(output).contains("square 49");
    Continuation back = load(folder.resolve("own"));
    go(back, 20, 30);
    assertThat(back.value()).isEqualTo(straight.value());
    assertThat(((Squares) loadJava(folder.resolve("java"))).next()).isEqualTo(64);
  }

  /** What {@code WriteFixtures} wrote when version 1 of the forms was made; never written again. */
  @Test
  void whatVersionOneWroteIsRead(@TempDir Path folder) throws Exception {
    Continuation straight = new Continuation(new Fibonacci());
    go(straight, 0, 12);
    Path own = fixture(folder, "continuation-v1.own");
    Path java = fixture(folder, "continuation-v1.serial");
    for (Continuation read : List.of(load(own), (Continuation) loadJava(java))) {
      go(read, 10, 12);
      assertThat(read.value()).isEqualTo(straight.value());
    }
    Squares squares = (Squares) loadJava(fixture(folder, "generator-v1.serial"));
    assertThat(squares.next()).isEqualTo(49);
    try (InputStream in = Files.newInputStream(fixture(folder, "generator-v1.own"))) {
      assertThat(Generator.readFrom(in, FORMAT, Squares.class).next()).isEqualTo(49);
    }
  }

  private static Path fixture(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = MigrationTest.class.getResourceAsStream(name)) {
      Files.copy(in, file);
    }
    return file;
  }

  /** Writes the fixtures of the current version into a folder. */
  public static final class WriteFixtures {
    private WriteFixtures() {}

    public static void main(String[] arguments) throws Exception {
      Path folder = Path.of(arguments[0]);
      Continuation continuation = new Continuation(new Fibonacci());
      go(continuation, 0, 10);
      save(continuation, folder.resolve("continuation-v1.own"));
      saveJava(continuation, folder.resolve("continuation-v1.serial"));
      Squares squares = new Squares(5);
      squares.next();
      squares.next();
      // Asked for and not taken.
      squares.hasNext();
      saveJava(squares, folder.resolve("generator-v1.serial"));
      try (OutputStream out = Files.newOutputStream(folder.resolve("generator-v1.own"))) {
        squares.writeTo(out, FORMAT);
      }
    }
  }

  @Test
  void withoutTheNativeLibraryItGoesOnAsWell(@TempDir Path folder) throws Exception {
    Continuation begun = new Continuation(new Fibonacci());
    go(begun, 0, 10);
    save(begun, folder.resolve("own"));
    saveJava(new Squares(7), folder.resolve("java"));
    String output =
        new ChildJvm().with("-Dfermata.native=off").run(MigrationTest.class, folder.toString());
    assertThat(output).contains("square 49");
    Continuation back = load(folder.resolve("own"));
    assertThat(back.value()).isNotNull();
  }

  /** Prints whether there are continuations, and why not. */
  public static final class Supported {
    private Supported() {}

    public static void main(String[] arguments) {
      System.out.println("supported: " + Continuation.isSupported());
      assertThatExceptionOfType(UnsupportedOperationException.class)
          .isThrownBy(() -> new Continuation(SuspendCapability::suspend))
          .satisfies(e -> System.out.println(e.getMessage()));
    }
  }

  @Test
  void aForcedStrategyThatSuspendsNothingIsSaid() throws Exception {
    assertThat(new ChildJvm().with("-Dfermata.strategy=inline").run(Supported.class))
        .contains("supported: false")
        .contains("-Dfermata.strategy=inline does not work");
    assertThat(
            new ChildJvm()
                .with("-Dfermata.strategy=continuation", "-Dfermata.native=off")
                .run(Supported.class))
        .contains("supported: false")
        .contains("no native library");
  }
}
