// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.loading;

import dev.fermata.IsolatedLoader;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A program that uses Fermata only in class loaders of its own ({@link Session}), and then looks at
 * what is left of them. Arguments: how many loaders one after the other; perhaps the file to which
 * the test library reports the references it leaves.
 */
public final class ManyLoaders {
  private ManyLoaders() {}

  public static void main(String[] arguments) throws Exception {
    int loaders = Integer.parseInt(arguments[0]);
    String report = arguments.length > 1 ? arguments[1] : null;
    FermataThreads threads = new FermataThreads("session");
    List<WeakReference<ClassLoader>> used = new ArrayList<>();
    if (report == null) {
      used.addAll(twoAtOnce());
      System.out.println("two loaders at once: done");
    }
    for (int i = 0; i < loaders; i++) {
      used.add(useOnce(report));
    }
    Waiting.until(
        "every loader is collected",
        () -> {
          System.gc();
          return used.stream().allMatch(loader -> loader.get() == null);
        });
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
    Waiting.until("no library is mapped", () -> !isMapped());
    if (report != null) {
      Waiting.until("every library has reported", () -> lines(report) == loaders);
    }
    System.out.println(loaders + " loaders: collected, unmapped, without threads");
  }

  private static List<WeakReference<ClassLoader>> twoAtOnce() throws Exception {
    try (URLClassLoader first = IsolatedLoader.open();
        URLClassLoader second = IsolatedLoader.open()) {
      Callable<?> one = session(first, null);
      Callable<?> two = session(second, null);
      one.call();
      two.call();
      one.call();
      return List.of(new WeakReference<>(first), new WeakReference<>(second));
    }
  }

  private static WeakReference<ClassLoader> useOnce(String report) throws Exception {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = IsolatedLoader.open()) {
      Thread.currentThread().setContextClassLoader(loader);
      session(loader, report).call();
      return new WeakReference<>(loader);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static Callable<?> session(ClassLoader loader, String report) throws Exception {
    Class<?> session = loader.loadClass("dev.fermata.loading.Session");
    return (Callable<?>) session.getConstructor(String.class).newInstance(report);
  }

  private static boolean isMapped() {
    try {
      String maps =
          new String(Files.readAllBytes(Path.of("/proc/self/maps")), StandardCharsets.ISO_8859_1);
      return maps.contains("libfermata");
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }

  private static int lines(String report) {
    try {
      return Files.exists(Path.of(report)) ? Files.readAllLines(Path.of(report)).size() : 0;
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }
}
