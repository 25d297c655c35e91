// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.loader;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of Fermata's classes, which the native library must have too. */
public final class ClassesVersion {
  private static final String RESOURCE = "/dev/fermata/version.properties";

  private ClassesVersion() {}

  /**
   * Reads the version from the resource that the build put beside the classes.
   *
   * @return the version, such as {@code 0.1.0}
   * @throws IOException if the resource is absent, cannot be read or names no version
   */
  public static String read() throws IOException {
    try (InputStream in = ClassesVersion.class.getResourceAsStream(RESOURCE)) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      String version = properties.getProperty("version");
      if (version == null) {
        throw new IOException(RESOURCE + " beside the classes of Fermata names no version");
      }
      return version;
    }
  }
}
