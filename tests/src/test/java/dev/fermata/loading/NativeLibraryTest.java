// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.loading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.FermataException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The ways in which the native library can be missing or unusable: each is one WARN with its reason
 * and its remedy, and calls then run in place. Every case is a process of its own.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeLibraryTest {
  private static final String FOLDER = "META-INF/native/linux-x86_64/";

  @TempDir Path folder;
  private byte[] library;
  private String version;

  @BeforeEach
  void readTheRealOne() throws IOException {
    library = resource(FOLDER + "libfermata.so");
    String properties =
        new String(resource(FOLDER + "libfermata.properties"), StandardCharsets.UTF_8);
    version = properties.replaceAll("(?s).*version=(\\S+).*", "$1");
  }

  @Test
  void withTheLibraryNothingIsWarnedOf() throws Exception {
    String output = new ChildJvm().run(OneCall.class);

    assertThat(warnings(output)).isEmpty();
    assertThat(output).contains("SUPPORTED true").doesNotContain("INLINE");
  }

  @Test
  void noJarHoldsIt() throws Exception {
    assertInline(
        new ChildJvm().without("fermata-native"),
        "no jar on the class path",
        "fermata-native:" + version);
  }

  @Test
  void itsBytesAreNotThoseOfTheBuild() throws Exception {
    byte[] damaged = library.clone();
    damaged[damaged.length / 2] ^= 1;

    assertInline(jarWith(damaged, version, sha256(library)), "corrupt", "replace the damaged jar");
  }

  @Test
  void itIsNoLibraryAtAll() throws Exception {
    byte[] text = "no library".getBytes(StandardCharsets.US_ASCII);

    assertInline(jarWith(text, version, sha256(text)), "refused", "Remedy: ");
  }

  @Test
  void itsJarHasAnotherVersion() throws Exception {
    assertInline(
        jarWith(library, "9.9.9", sha256(library)), "another version", "fermata-native:" + version);
  }

  @Test
  void itSaysItHasAnotherVersionThanItsJar() throws Exception {
    byte[] other =
        new String(library, StandardCharsets.ISO_8859_1)
            .replace(version, "9" + version.substring(1))
            .getBytes(StandardCharsets.ISO_8859_1);

    assertInline(
        jarWith(other, version, sha256(other)),
        "has version 9" + version.substring(1),
        "use the library of version " + version);
  }

  @Test
  void thePlatformIsUnknown() throws Exception {
    assertInline(new ChildJvm().with("-Dos.arch=pdp11"), "pdp11", "-Dfermata.native.path");
  }

  @Test
  @Tag("java24")
  void theJvmForbidsNativeLibraries() throws Exception {
    assertInline(
        new ChildJvm().with("--illegal-native-access=deny"),
        "--illegal-native-access=deny",
        "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void theTemporaryFolderIsMountedNoexec() throws Exception {
    NoexecFolder noexec = NoexecFolder.find(folder);

    assertInline(
        new ChildJvm().startedBy(noexec.starter()).with("-Djava.io.tmpdir=" + noexec.path()),
        "failed to map segment",
        "-Dfermata.native.tmpdir");
  }

  @Test
  void anotherTemporaryFolderHelps() throws Exception {
    NoexecFolder noexec = NoexecFolder.find(folder);
    Path other = Files.createDirectory(folder.resolve("other"));

    String output =
        new ChildJvm()
            .startedBy(noexec.starter())
            .with("-Djava.io.tmpdir=" + noexec.path(), "-Dfermata.native.tmpdir=" + other)
            .run(OneCall.class);

    assertThat(output).contains("SUPPORTED true").doesNotContain("INLINE");
    assertThat(warnings(output)).isEmpty();
    assertThat(other).as("what is left of the private copy").isEmptyDirectory();
  }

  @Test
  void theTemporaryFolderDoesNotExist() throws Exception {
    assertInline(
        new ChildJvm().with("-Dfermata.native.tmpdir=" + folder.resolve("none")),
        "could not be copied",
        "-Dfermata.native.tmpdir");
  }

  /** To a writer a file that may not grow further is as bad as a disk that is full. */
  @Test
  void thereIsNoRoomForTheCopy() throws Exception {
    assertInline(
        new ChildJvm()
            .startedBy("sh", "-c", "ulimit -f 128 && exec \"$@\"", "sh")
            .with("-Dfermata.native.tmpdir=" + folder),
        "File too large",
        "-Dfermata.native.tmpdir");
    assertThat(folder).as("what is left of the private copy").isEmptyDirectory();
  }

  @Test
  void aFileIsNamedThatIsTheLibrary() throws Exception {
    Path file = Files.write(folder.resolve("renamed.so"), library);

    String output =
        new ChildJvm()
            .without("fermata-native")
            .with("-Dfermata.native.path=" + file)
            .run(OneCall.class);

    assertThat(output).contains("SUPPORTED true").doesNotContain("INLINE");
    assertThat(warnings(output)).isEmpty();
  }

  @Test
  void aFileIsNamedThatIsNot() throws Exception {
    Path text = Files.writeString(folder.resolve("text.so"), "no library");

    assertInline(
        new ChildJvm().with("-Dfermata.native.path=" + text), "the system refused it", "Remedy: ");
    assertInline(
        new ChildJvm().with("-Dfermata.native.path=" + folder.resolve("none.so")),
        "none.so",
        "correct the path");
    assertInline(
        new ChildJvm().with("-Dfermata.native.path=relative.so"),
        "relative.so",
        "correct the path");
  }

  @Test
  void whenItIsRequiredNoExecutorIsMade() throws Exception {
    String output =
        new ChildJvm()
            .without("fermata-native")
            .with("-Dfermata.native=required")
            .run(OneCall.class);

    assertThat(output)
        .contains("REFUSED NATIVE_LIBRARY ")
        .contains("no jar on the class path")
        .contains("fermata-native:" + version)
        .doesNotContain("VALUE");
    assertThat(new ChildJvm().with("-Dfermata.native=required").run(OneCall.class))
        .contains("SUPPORTED true")
        .doesNotContain("REFUSED");
  }

  @Test
  void whenItIsSwitchedOffNothingIsWarnedOf() throws Exception {
    String output = new ChildJvm().with("-Dfermata.native=off").run(OneCall.class);

    assertThat(warnings(output)).isEmpty();
    assertThat(output).contains("VALUE of INLINE", "SUPPORTED false");
  }

  private static void assertInline(ChildJvm jvm, String reason, String remedy) throws Exception {
    String output = jvm.run(OneCall.class);

    assertThat(warnings(output)).as(output).hasSize(1);
    assertThat(warnings(output).get(0)).contains(reason).contains(remedy);
    assertThat(output).contains("VALUE of INLINE", "SUPPORTED false");
  }

  private static List<String> warnings(String output) {
    return output
        .lines()
        .filter(line -> line.startsWith("WARN ") || line.startsWith("ERROR "))
        .collect(Collectors.toList());
  }

  /** A process whose only native jar has this content. */
  private ChildJvm jarWith(byte[] content, String itsVersion, String sha256) throws IOException {
    Path jar = folder.resolve("jar");
    Path place = Files.createDirectories(jar.resolve(FOLDER));
    Files.write(place.resolve("libfermata.so"), content);
    Files.writeString(
        place.resolve("libfermata.properties"),
        "version=" + itsVersion + "\nsha256=" + sha256 + "\n");
    return new ChildJvm().without("fermata-native").plus(jar);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = FermataException.class.getClassLoader().getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static String sha256(byte[] bytes) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    return String.format("%064x", new BigInteger(1, digest));
  }
}
