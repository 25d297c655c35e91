// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs that bring Fermata in their own jar to a session cluster, each with a class loader of its
 * own. The cluster is a JVM of its own ({@link SessionCluster}), on whose class path Fermata is
 * not.
 */
@Timeout(300)
class SessionClusterTest {
  private static final int JOBS = 20 / Integer.getInteger("fermata.test.divisor", 1);
  private static final int MOST_LOOKS = 100;

  private final List<String> classPath =
      Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));

  @TempDir private Path folder;

  @Test
  void manyJobsLeaveNoLoaderNoThreadAndNoMapping() throws Exception {
    Path errors = folder.resolve("errors.txt");
    Process cluster =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                // Classes of jobs live for a second: too short to be compiled thoroughly.
                "-XX:TieredStopAtLevel=1",
                // Caches of the JDK hold classes softly.
                "-XX:SoftRefLRUPolicyMSPerMB=0",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp",
                elements(jar -> !isBroughtByTheJob(jar)),
                SessionCluster.class.getName(),
                userJar().toString(),
                Integer.toString(JOBS))
            .redirectError(errors.toFile())
            .start();
    try (PrintStream questions = new PrintStream(cluster.getOutputStream(), true, UTF_8);
        BufferedReader answers =
            new BufferedReader(new InputStreamReader(cluster.getInputStream(), UTF_8))) {
      String loaders;
      List<String> left;
      int looks = 0;
      do {
        questions.println("collect");
        loaders = answers.readLine();
        assertThat(loaders).as(() -> read(errors)).isNotNull();
        left = leftIn(Path.of("/proc", Long.toString(cluster.pid())));
        looks++;
      } while (looks < MOST_LOOKS && !(loaders.endsWith(" 0 are left") && left.isEmpty()));
      assertThat(loaders).matches("[0-9]+ loaders came, 0 are left");
      assertThat(Integer.parseInt(loaders.split(" ")[0])).isGreaterThanOrEqualTo(JOBS);
      assertThat(left).isEmpty();
    } finally {
      cluster.destroyForcibly();
    }
  }

  /** Threads and mappings of Fermata in a process, seen by the operating system. */
  private static List<String> leftIn(Path process) throws IOException {
    List<String> left = new ArrayList<>();
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(process.resolve("task"))) {
      for (Path thread : threads) {
        left.add(nameOf(thread));
      }
    }
    left.addAll(Files.readAllLines(process.resolve("maps")));
    left.removeIf(line -> !line.contains("fermata"));
    return left;
  }

  private static String nameOf(Path thread) throws IOException {
    try {
      return Files.readString(thread.resolve("comm"));
    } catch (NoSuchFileException endedMeanwhile) {
      return "";
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }

  private static boolean isBroughtByTheJob(String element) {
    String name = new File(element).getName();
    return name.startsWith("fermata") || name.startsWith("HdrHistogram") || name.startsWith("asm-");
  }

  private String elements(Predicate<String> wanted) {
    return classPath.stream().filter(wanted).collect(Collectors.joining(File.pathSeparator));
  }

  /** The job's class, and the jars that it brings in {@code lib/}, where Flink looks for them. */
  private Path userJar() throws IOException {
    Path jar = folder.resolve("job.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(file)) {
      Path classes = Path.of("target", "test-classes");
      Path job = classes.resolve(WaitingJob.class.getPackageName().replace('.', '/'));
      try (var files = Files.newDirectoryStream(job, "WaitingJob*.class")) {
        for (Path type : files) {
          entries.putNextEntry(
              new JarEntry(classes.relativize(type).toString().replace(File.separatorChar, '/')));
          Files.copy(type, entries);
        }
      }
      for (String element : classPath) {
        if (isBroughtByTheJob(element)) {
          Path library = Path.of(element);
          entries.putNextEntry(new JarEntry("lib/" + library.getFileName()));
          Files.copy(library, entries);
        }
      }
      entries.putNextEntry(new JarEntry("META-INF/MANIFEST.MF"));
      entries.write("Manifest-Version: 1.0\n".getBytes(UTF_8));
    }
    return jar;
  }
}
