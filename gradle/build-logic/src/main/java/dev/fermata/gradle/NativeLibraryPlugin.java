// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import java.io.File;
import org.gradle.api.Plugin;
import org.gradle.api.Project;
import org.gradle.api.file.Directory;
import org.gradle.api.plugins.JavaLibraryPlugin;
import org.gradle.api.plugins.JavaPlugin;
import org.gradle.api.provider.Provider;
import org.gradle.api.tasks.Exec;
import org.gradle.api.tasks.TaskProvider;
import org.gradle.jvm.tasks.Jar;

/**
 * Builds the native library with {@code scripts/build-native} and packs it into a jar whose
 * classifier is the platform. Id: {@code fermata.native-library}.
 *
 * <p>Project properties: {@code native.platform}, the platform to build for, which must be the one
 * the build runs on (default {@value #DEFAULT_PLATFORM}); {@code native.mode}, the mode of the
 * script (default {@code development}).
 */
public final class NativeLibraryPlugin implements Plugin<Project> {
  static final String BUILD_NATIVE = "buildNative";
  private static final String DEFAULT_PLATFORM = "linux-x86_64";

  @Override
  public void apply(Project project) {
    project.getPluginManager().apply(JavaLibraryPlugin.class);
    Provider<String> platform =
        project.getProviders().gradleProperty("native.platform").orElse(DEFAULT_PLATFORM);
    Provider<String> mode =
        project.getProviders().gradleProperty("native.mode").orElse("development");
    Provider<Directory> output = project.getLayout().getBuildDirectory().dir("native");

    TaskProvider<Exec> build =
        project
            .getTasks()
            .register(
                BUILD_NATIVE,
                Exec.class,
                task -> {
                  task.setDescription("Builds the native library and its twin for tests.");
                  File script = project.getRootProject().file("scripts/build-native");
                  task.commandLine(
                      script, mode.get(), platform.get(), output.get().getAsFile().getPath());
                  task.getOutputs().dir(output);
                  // Cargo knows best what changed.
                  task.getOutputs().upToDateWhen(ignored -> false);
                });
    project
        .getTasks()
        .named(JavaPlugin.JAR_TASK_NAME, Jar.class)
        .configure(
            jar -> {
              jar.getArchiveClassifier().set(platform);
              jar.from(build.map(ignored -> output.get().dir("resources")));
            });
  }
}
