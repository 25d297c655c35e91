// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.gradle.api.GradleException;
import org.gradle.api.JavaVersion;
import org.gradle.api.Plugin;
import org.gradle.api.Project;
import org.gradle.api.Task;
import org.gradle.api.tasks.compile.JavaCompile;
import org.gradle.api.tasks.testing.Test;
import org.gradle.api.tasks.testing.junitplatform.JUnitPlatformOptions;
import org.gradle.jvm.tasks.Jar;
import org.gradle.language.jvm.tasks.ProcessResources;
import org.gradle.testfixtures.ProjectBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The plugins, applied to projects of Gradle's own engine. */
class PluginsTest {
  private static final String JDKS =
      "export JAVA_HOME_11='/eleven'\nexport JAVA_HOME_25='/twenty five'\n";

  @TempDir Path folder;
  private Project project;

  @BeforeEach
  void createProject() {
    project =
        ProjectBuilder.builder()
            .withProjectDir(folder.toFile())
            .withGradleUserHomeDir(folder.resolve("home").toFile())
            .build();
    project.setVersion("1.2.3");
  }

  @org.junit.jupiter.api.Test
  void javaIsCompiledForElevenAndWarningsAreErrors() {
    apply(JavaConventionsPlugin.class);

    JavaCompile compile = task("compileJava", JavaCompile.class);

    assertThat(compile.getOptions().getRelease().get()).isEqualTo(11);
    assertThat(compile.getOptions().getCompilerArgs()).contains("-Werror");
  }

  @org.junit.jupiter.api.Test
  void anOldBuildJdkIsRefusedWithASentence() {
    assertThatThrownBy(() -> JavaConventionsPlugin.requireBuildJdk(JavaVersion.VERSION_17))
        .isInstanceOf(GradleException.class)
        .hasMessageContaining("JDK 21 or newer")
        .hasMessageContaining("Set JAVA_HOME");
    JavaConventionsPlugin.requireBuildJdk(JavaVersion.VERSION_21);
  }

  @org.junit.jupiter.api.Test
  void theJarHoldsTheJava21ClassesAndTheVersion() throws Exception {
    apply(MultiReleasePlugin.class);
    write("build/classes/java/main/A.class", "base");
    write("build/classes/java/java21/A.class", "newer");
    write("src/main/resources-filtered/version.properties", "version=${project.version}\n");

    assertThat(task("compileJava21Java", JavaCompile.class).getOptions().getRelease().get())
        .isEqualTo(21);
    ProcessResources resources = task("processResources", ProcessResources.class);
    project.copy(copy -> copy.with(resources.getRootSpec()).into(resources.getDestinationDir()));
    run("jar");

    Jar jar = task("jar", Jar.class);
    try (JarFile file = new JarFile(jar.getArchiveFile().get().getAsFile())) {
      assertThat(file.isMultiRelease()).isTrue();
      assertThat(content(file, "A.class")).isEqualTo("base");
      assertThat(content(file, "META-INF/versions/21/A.class")).isEqualTo("newer");
      assertThat(content(file, "version.properties")).isEqualTo("version=1.2.3\n");
    }
  }

  @org.junit.jupiter.api.Test
  void theNativeLibraryIsBuiltByTheScriptAndPackedForItsPlatform() throws Exception {
    apply(NativeLibraryPlugin.class);
    Path script =
        write(
            "scripts/build-native",
            "#!/bin/sh\nmkdir -p $3/resources && echo $1 $2 > $3/resources/arguments\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();

    run(NativeLibraryPlugin.BUILD_NATIVE);
    run("jar");

    Jar jar = task("jar", Jar.class);
    assertThat(jar.getArchiveClassifier().get()).isEqualTo("linux-x86_64");
    assertThat(dependencies(jar)).contains(NativeLibraryPlugin.BUILD_NATIVE);
    try (JarFile file = new JarFile(jar.getArchiveFile().get().getAsFile())) {
      assertThat(content(file, "arguments")).isEqualTo("development linux-x86_64\n");
    }
  }

  @org.junit.jupiter.api.Test
  void theTestsRunOnEveryJdkOfTheMatrix() throws Exception {
    Path script = write("scripts/jdks", "#!/bin/sh\ncat <<END\n" + JDKS + "END\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    apply(TestMatrixPlugin.class);

    Test eleven = task("testJdk11", Test.class);
    Test twentyFive = task("testJdk25", Test.class);

    assertThat(eleven.getExecutable()).isEqualTo("/eleven/bin/java");
    assertThat(twentyFive.getExecutable()).isEqualTo("/twenty five/bin/java");
    assertThat(((JUnitPlatformOptions) eleven.getOptions()).getExcludeTags())
        .containsExactlyInAnyOrder("java17", "java21", "java24");
    assertThat(((JUnitPlatformOptions) twentyFive.getOptions()).getExcludeTags()).isEmpty();
    assertThat(eleven.getJvmArgs()).contains("-Xcheck:jni");
    assertThatThrownBy(() -> task("testJdk17", Test.class))
        .hasRootCauseMessage("scripts/jdks names no JAVA_HOME_17:\n" + JDKS);
  }

  private void apply(Class<? extends Plugin<Project>> plugin) {
    project.getPluginManager().apply(plugin);
  }

  private <T extends Task> T task(String name, Class<T> type) {
    return project.getTasks().named(name, type).get();
  }

  /** Runs the actions of one task as it stands; the tasks it depends on are not run. */
  private void run(String name) throws IOException {
    Task task = project.getTasks().getByName(name);
    for (File output : task.getOutputs().getFiles()) {
      Files.createDirectories(output.toPath().getParent());
    }
    task.getActions().forEach(action -> action.execute(task));
  }

  private static Set<String> dependencies(Task task) {
    return task.getTaskDependencies().getDependencies(task).stream()
        .map(Task::getName)
        .collect(Collectors.toSet());
  }

  private Path write(String name, String content) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static String content(JarFile jar, String name) throws Exception {
    return new String(jar.getInputStream(jar.getEntry(name)).readAllBytes());
  }
}
