// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.maven.model.Dependency;
import org.apache.maven.model.Model;
import org.apache.maven.model.io.xpp3.MavenXpp3Reader;
import org.junit.jupiter.api.Test;
import org.tomlj.Toml;

/** Maven, Gradle and cargo build the same thing: same modules, dependencies and versions. */
class BuildsAgreeTest {
  private static final Path ROOT = Path.of(System.getProperty("fermata.root"));
  private static final String VERSION_SUFFIX = ".version";
  private static final String BUILD_LOGIC = "fermata-build-logic";

  private final GradleFiles gradle = new GradleFiles(ROOT);
  private final Model maven = pom(".");

  BuildsAgreeTest() throws Exception {}

  @Test
  void theProjectHasOneVersion() throws Exception {
    String cargo = Toml.parse(ROOT.resolve("Cargo.toml")).getString("workspace.package.version");

    assertThat(gradle.projectVersion()).isEqualTo(maven.getVersion()).isEqualTo(cargo);
  }

  @Test
  void librariesHaveTheSameVersions() {
    Map<String, String> properties = new TreeMap<>();
    maven
        .getProperties()
        .forEach(
            (name, value) -> {
              if (name.toString().endsWith(VERSION_SUFFIX)) {
                properties.put(name.toString().replace(VERSION_SUFFIX, ""), value.toString());
              }
            });
    Map<String, String> managed =
        maven.getDependencyManagement().getDependencies().stream()
            .filter(dependency -> !dependency.getGroupId().equals(maven.getGroupId()))
            .collect(
                Collectors.toMap(
                    BuildsAgreeTest::coordinates,
                    dependency ->
                        dependency
                            .getVersion()
                            .replace("${", "")
                            .replace(VERSION_SUFFIX + "}", "")));

    assertThat(gradle.versions()).isEqualTo(properties);
    assertThat(gradle.libraries()).isEqualTo(managed);
  }

  @Test
  void modulesAreTheSame() throws Exception {
    Map<String, String> modules = new LinkedHashMap<>();
    for (String folder : maven.getModules()) {
      modules.put(pom(folder).getArtifactId(), folder);
    }

    assertThat(gradle.modules()).containsExactlyInAnyOrderEntriesOf(modules);
  }

  @Test
  void modulesHaveTheSameDependencies() throws Exception {
    Map<String, String> modules = new LinkedHashMap<>(gradle.modules());
    // Built and tested by Maven alone; Gradle brings the engine it needs.
    modules.remove(BUILD_LOGIC);
    for (String folder : modules.values()) {
      assertThat(gradle.dependencies(folder))
          .as(folder)
          .isEqualTo(
              pom(folder).getDependencies().stream()
                  .map(dependency -> scope(dependency) + " " + coordinates(dependency))
                  .collect(Collectors.toCollection(TreeSet::new)));
    }
  }

  private static String scope(Dependency dependency) {
    if (dependency.isOptional()) {
      return "provided";
    }
    return dependency.getScope() == null ? "compile" : dependency.getScope();
  }

  private static String coordinates(Dependency dependency) {
    return dependency.getGroupId() + ":" + dependency.getArtifactId();
  }

  private static Model pom(String folder) throws Exception {
    try (InputStream in = Files.newInputStream(ROOT.resolve(folder).resolve("pom.xml"))) {
      return new MavenXpp3Reader().read(in);
    }
  }
}
