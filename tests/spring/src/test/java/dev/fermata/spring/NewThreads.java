// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The threads that began after this was made, as the JVM and as the system see them. */
final class NewThreads {
  private static final Path TASKS = Path.of("/proc/self/task");

  private final Set<Thread> before = Thread.getAllStackTraces().keySet();
  private final Set<Path> tasksBefore = new HashSet<>(tasks());
  private final List<String> prefixes;

  /**
   * @param prefixes of the names of the threads that count, at most 15 bytes each
   */
  NewThreads(String... prefixes) {
    this.prefixes = List.of(prefixes);
  }

  /** Names of those that are alive now. */
  List<String> alive() {
    List<String> names = new ArrayList<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (!before.contains(thread) && counts(thread.getName())) {
        names.add(thread.getName());
      }
    }
    for (Path task : tasks()) {
      String name = name(task);
      if (!tasksBefore.contains(task) && counts(name)) {
        names.add(name + " (" + task + ")");
      }
    }
    return names;
  }

  private boolean counts(String name) {
    return prefixes.stream().anyMatch(name::startsWith);
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
