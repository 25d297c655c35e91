// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.loader;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;

/**
 * The native library of one platform as a resource: {@code META-INF/native/<platform>/} holds the
 * library under the system's own file name, and {@code libfermata.properties} with its {@code
 * version} and its {@code sha256} in hexadecimal.
 */
final class LibraryResource {
  private final URL library;
  private final String sha256;

  private LibraryResource(URL library, String sha256) {
    this.library = library;
    this.sha256 = sha256;
  }

  /**
   * Finds the library. Of several (a parent loader may have another version) the first that has the
   * wanted version is taken.
   *
   * @param loader the loader to ask
   * @param platform name of the platform
   * @param version the version that the Java classes have
   * @return the library
   * @throws LoadFailure if there is none, or none of this version
   */
  static LibraryResource find(ClassLoader loader, String platform, String version)
      throws LoadFailure {
    String folder = "META-INF/native/" + platform + "/";
    String artifact = "dev.fermata:fermata-native:" + version + " with classifier " + platform;
    List<String> otherVersions = new ArrayList<>();
    try {
      for (URL description :
          Collections.list(loader.getResources(folder + "libfermata.properties"))) {
        Properties properties = new Properties();
        try (InputStream in = description.openStream()) {
          properties.load(in);
        }
        if (version.equals(properties.getProperty("version"))) {
          String fileName = System.mapLibraryName("fermata");
          return new LibraryResource(
              new URL(description, fileName), properties.getProperty("sha256", ""));
        }
        otherVersions.add(properties.getProperty("version") + " in " + description);
      }
    } catch (IOException e) {
      throw new LoadFailure(
          "the description of the library in " + folder + " could not be read: " + e,
          "replace the damaged jar by " + artifact,
          e);
    }
    if (otherVersions.isEmpty()) {
      throw new LoadFailure(
          "no jar on the class path holds " + folder + "libfermata.properties",
          "add the dependency " + artifact,
          null);
    }
    throw new LoadFailure(
        "the library has another version than the classes, which have "
            + version
            + ": "
            + String.join(", ", otherVersions),
        "use " + artifact,
        null);
  }

  InputStream open() throws IOException {
    return library.openStream();
  }

  /** Returns the expected checksum, empty if the description lacks it. */
  String sha256() {
    return sha256;
  }

  @Override
  public String toString() {
    return library.toString();
  }
}
