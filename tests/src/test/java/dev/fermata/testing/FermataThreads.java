// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The threads of Fermata that began after this was made, as the JVM and as the system see them. */
public final class FermataThreads {
  private static final Path TASKS = Path.of("/proc/self/task");

  private final String prefix;
  private final Set<Thread> before = Thread.getAllStackTraces().keySet();
  private final Set<Path> tasksBefore = new HashSet<>(tasks());

  /**
   * @param executorName prefix of the names of an executor's threads, at most 15 bytes
   */
  public FermataThreads(String executorName) {
    this.prefix = executorName;
  }

  /** Names of those that are alive now. */
  public List<String> alive() {
    List<String> names = new ArrayList<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      String name = thread.getName();
      if ((name.startsWith(prefix) || name.startsWith("fermata-")) && !before.contains(thread)) {
        names.add(name);
      }
    }
    for (Path task : tasks()) {
      String name = name(task);
      if (name.startsWith(prefix) && !tasksBefore.contains(task)) {
        names.add(name + " (" + task + ")");
      }
    }
    return names;
  }

  private static List<Path> tasks() {
    List<Path> tasks = new ArrayList<>();
    try (DirectoryStream<Path> folder = Files.newDirectoryStream(TASKS)) {
      folder.forEach(tasks::add);
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
    return tasks;
  }

  private static String name(Path task) {
    try {
      return Files.readString(task.resolve("comm"));
    } catch (IOException ended) {
      return "";
    }
  }
}
