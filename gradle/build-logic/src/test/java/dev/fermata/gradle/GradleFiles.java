// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tomlj.Toml;
import org.tomlj.TomlTable;

/** What the Gradle files of the project say, read as text: Gradle itself is not needed for it. */
final class GradleFiles {
  private static final Pattern MODULE =
      Pattern.compile("^module\\(\"(.+)\", \"(.+)\"\\)$", Pattern.MULTILINE);
  private static final Pattern INCLUDED_BUILD = Pattern.compile("includeBuild\\(\"(.+)\"\\)");
  private static final Pattern DEPENDENCIES =
      Pattern.compile("^dependencies \\{\\n(.*?)^}$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern DEPENDENCY =
      Pattern.compile(
          "    (\\w+)\\((?:project\\(\":(.+)\"\\)"
              + "|(?:variantOf\\()?libs\\.([\\w.]+)(?:\\) \\{ classifier\\(\"\\w+\"\\) \\})?)\\)"
              + "(?: \\{ isTransitive = false \\})?");
  private static final Map<String, String> SCOPES =
      Map.of(
          "api", "compile",
          "implementation", "compile",
          "runtimeOnly", "runtime",
          "compileOnly", "provided",
          "annotationProcessor", "provided",
          "testImplementation", "test");

  private final Path root;
  private final TomlTable catalog;

  GradleFiles(Path root) throws IOException {
    this.root = root;
    this.catalog = Toml.parse(root.resolve("gradle/libs.versions.toml"));
  }

  String projectVersion() throws IOException {
    Properties properties = new Properties();
    properties.load(new StringReader(read("gradle.properties")));
    return properties.getProperty("version");
  }

  /** Version by name. */
  Map<String, String> versions() {
    Map<String, String> versions = new TreeMap<>();
    TomlTable table = catalog.getTable("versions");
    table.keySet().forEach(name -> versions.put(name, table.getString(name)));
    return versions;
  }

  /** Name of the version by {@code group:artifact}. */
  Map<String, String> libraries() {
    Map<String, String> libraries = new TreeMap<>();
    TomlTable table = catalog.getTable("libraries");
    for (String alias : table.keySet()) {
      TomlTable library = table.getTable(alias);
      libraries.put(library.getString("module"), library.getString("version.ref"));
    }
    return libraries;
  }

  /** Folder by name of the module, the build logic among them. */
  Map<String, String> modules() throws IOException {
    Map<String, String> modules = new LinkedHashMap<>();
    String settings = read("settings.gradle.kts");
    MODULE.matcher(settings).results().forEach(m -> modules.put(m.group(1), m.group(2)));
    INCLUDED_BUILD
        .matcher(settings)
        .results()
        .forEach(m -> modules.put("fermata-build-logic", m.group(1)));
    return modules;
  }

  /** The dependencies of the module in a folder, as {@code scope group:artifact}. */
  Set<String> dependencies(String folder) throws IOException {
    Set<String> dependencies = new TreeSet<>();
    Matcher block = DEPENDENCIES.matcher(read(folder + "/build.gradle.kts"));
    if (!block.find()) {
      return dependencies;
    }
    for (String line : block.group(1).split("\n")) {
      if (line.isBlank() || line.trim().startsWith("//")) {
        continue;
      }
      Matcher dependency = DEPENDENCY.matcher(line);
      if (!dependency.matches() || !SCOPES.containsKey(dependency.group(1))) {
        throw new IllegalArgumentException(
            folder + "/build.gradle.kts: not a dependency that this test can read: " + line);
      }
      String artifact =
          dependency.group(2) != null
              ? "dev.fermata:" + dependency.group(2)
              : library(dependency.group(3));
      // A processor that the module also compiles against is one dependency to Maven.
      if (!dependency.group(1).equals("annotationProcessor")
          || !dependencies.contains("compile " + artifact)) {
        dependencies.add(SCOPES.get(dependency.group(1)) + " " + artifact);
      }
    }
    return dependencies;
  }

  private String library(String accessor) {
    String module = catalog.getString("libraries." + accessor.replace('.', '-') + ".module");
    if (module == null) {
      throw new IllegalArgumentException(
          "gradle/libs.versions.toml has no library for libs." + accessor);
    }
    return module;
  }

  private String read(String file) throws IOException {
    return Files.readString(root.resolve(file));
  }
}
