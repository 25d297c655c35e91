// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.loading;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A writable folder from which nothing can be executed: one that this system has mounted so, or
 * else one that is mounted in a namespace of the child process alone, which needs no privilege.
 */
final class NoexecFolder {
  private static final String MOUNT = "mount -t tmpfs -o noexec none \"$0\" && exec \"$@\"";
  private static final List<List<String>> NAMESPACES =
      List.of(
          List.of("unshare", "--user", "--map-root-user", "--mount"),
          List.of("unshare", "--mount"));

  private final Path path;
  private final String[] starter;

  private NoexecFolder(Path path, String... starter) {
    this.path = path;
    this.starter = starter;
  }

  /** Finds one; {@code parent} is an empty folder to mount it in if need be. */
  static NoexecFolder find(Path parent) throws IOException, InterruptedException {
    for (String mount : Files.readAllLines(Path.of("/proc/self/mounts"))) {
      String[] fields = mount.split(" ");
      Path path = Path.of(fields[1]);
      if (List.of(fields[3].split(",")).contains("noexec")
          && Files.isDirectory(path)
          && Files.isWritable(path)
          && !path.startsWith("/proc")
          && !path.startsWith("/sys")) {
        return new NoexecFolder(path);
      }
    }
    Path path = Files.createDirectories(parent.resolve("noexec"));
    for (List<String> namespace : NAMESPACES) {
      String[] starter =
          List.of(namespace, List.of("sh", "-c", MOUNT, path.toString())).stream()
              .flatMap(List::stream)
              .toArray(String[]::new);
      if (works(starter)) {
        return new NoexecFolder(path, starter);
      }
    }
    throw new AssertionError(
        "No folder of this system is mounted noexec, and none can be mounted (needs unshare of"
            + " util-linux and user namespaces, or root)");
  }

  private static boolean works(String... starter) throws InterruptedException {
    try {
      ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(List.of(starter)));
      builder.command().add("true");
      Process process = builder.redirectErrorStream(true).start();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException noSuchProgram) {
      return false;
    }
  }

  Path path() {
    return path;
  }

  /** What starts the process that is to see the folder; may be nothing. */
  String[] starter() {
    return starter.clone();
  }
}
