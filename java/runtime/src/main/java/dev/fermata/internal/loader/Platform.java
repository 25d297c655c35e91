// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.loader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Names the platform as the classifiers of the native jars do, such as {@code linux-x86_64-musl}.
 */
final class Platform {
  private static final Path OWN_MAPPINGS = Path.of("/proc/self/maps");

  private Platform() {}

  /**
   * Returns the name of the platform this JVM runs on.
   *
   * @return the name of a supported platform
   * @throws LoadFailure if there is no native library for this platform
   */
  static String current() throws LoadFailure {
    return name(
        System.getProperty("os.name"), System.getProperty("os.arch"), Platform::isMuslProcess);
  }

  /**
   * Names a platform.
   *
   * @param osName value of the system property {@code os.name}
   * @param osArch value of the system property {@code os.arch}
   * @param isMusl tells for an architecture whether the C library is musl; asked on Linux only
   * @return the name of a supported platform
   * @throws LoadFailure if there is no native library for this platform
   */
  static String name(String osName, String osArch, Predicate<String> isMusl) throws LoadFailure {
    String arch = architecture(osArch.toLowerCase(Locale.ROOT));
    String os = osName.toLowerCase(Locale.ROOT);
    if (arch != null) {
      if (os.startsWith("linux")) {
        return "linux-" + arch + (isMusl.test(arch) ? "-musl" : "");
      }
      if (os.startsWith("mac")) {
        return "macos-" + arch;
      }
      if (os.startsWith("windows") && arch.equals("x86_64")) {
        return "windows-" + arch;
      }
    }
    throw new LoadFailure(
        "there is no native library for the platform " + osName + " on " + osArch,
        "build one from source and give its path by -D" + NativeLibrary.PATH_PROPERTY,
        null);
  }

  private static String architecture(String osArch) {
    switch (osArch) {
      case "amd64":
      case "x86_64":
        return "x86_64";
      case "aarch64":
      case "arm64":
        return "aarch64";
      default:
        return null;
    }
  }

  /** Looks at what this process has mapped; a machine with glibc can have musl installed too. */
  private static boolean isMuslProcess(String arch) {
    try {
      // ISO-8859-1, because a path in it may be in any encoding and must not make the decoder fail.
      String mappings = new String(Files.readAllBytes(OWN_MAPPINGS), StandardCharsets.ISO_8859_1);
      return mappings.contains("/ld-musl-") || mappings.contains("/libc.musl-");
    } catch (IOException unreadable) {
      return Files.exists(Path.of("/lib/ld-musl-" + arch + ".so.1"));
    }
  }
}
