// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.FermataException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Properties;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** What the users get: these tests, and all beside them, run against the packed jars. */
class PackedJarTest {
  private static final String NATIVE = "META-INF/native/linux-x86_64/";

  @Test
  void theRuntimeIsAMultiReleaseJar() throws Exception {
    Path jar =
        Path.of(FermataException.class.getProtectionDomain().getCodeSource().getLocation().toURI());

    assertThat(jar).isRegularFile().hasFileName("fermata-" + version() + ".jar");
    try (JarFile file = new JarFile(jar.toFile())) {
      assertThat(file.isMultiRelease()).isTrue();
      assertThat(file.getManifest().getMainAttributes().getValue("Automatic-Module-Name"))
          .isEqualTo("dev.fermata");
    }
  }

  @Test
  void theNativeLibraryComesFromAJarOfTheSameVersionAndMatchesItsChecksum() throws Exception {
    Properties properties = load(NATIVE + "libfermata.properties");
    URL library = resource(NATIVE + "libfermata.so");

    assertThat(library.getProtocol()).isEqualTo("jar");
    assertThat(properties.getProperty("version")).isEqualTo(version());
    assertThat(properties.getProperty("sha256")).isEqualTo(sha256(library));
  }

  private static String version() throws IOException {
    return load("dev/fermata/version.properties").getProperty("version");
  }

  private static Properties load(String name) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = resource(name).openStream()) {
      properties.load(in);
    }
    return properties;
  }

  private static URL resource(String name) {
    URL url = FermataException.class.getClassLoader().getResource(name);
    assertThat(url).as(name).isNotNull();
    return url;
  }

  private static String sha256(URL url) throws Exception {
    try (InputStream in = url.openStream()) {
      StringBuilder hex = new StringBuilder();
      for (byte b : MessageDigest.getInstance("SHA-256").digest(in.readAllBytes())) {
        hex.append(String.format("%02x", b));
      }
      return hex.toString();
    }
  }
}
