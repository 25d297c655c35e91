// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import java.util.List;
import org.gradle.api.GradleException;
import org.gradle.api.JavaVersion;
import org.gradle.api.Plugin;
import org.gradle.api.Project;
import org.gradle.api.plugins.JavaLibraryPlugin;
import org.gradle.api.tasks.compile.JavaCompile;

/**
 * A Java library that runs on Java 11 and compiles without warnings. Id: {@code fermata.java}. The
 * build itself needs a JDK 21, the newest version for which a module has classes.
 */
public final class JavaConventionsPlugin implements Plugin<Project> {
  private static final int RELEASE = 11;
  private static final JavaVersion BUILD_JDK = JavaVersion.VERSION_21;

  @Override
  public void apply(Project project) {
    project.getPluginManager().apply(JavaLibraryPlugin.class);
    project
        .getTasks()
        .withType(JavaCompile.class)
        .configureEach(
            task -> {
              task.getOptions().getRelease().convention(RELEASE);
              task.getOptions().setEncoding("UTF-8");
              task.getOptions()
                  .getCompilerArgs()
                  .addAll(List.of("-parameters", "-Xlint:all,-processing", "-Werror"));
              task.doFirst(ignored -> requireBuildJdk(JavaVersion.current()));
            });
  }

  static void requireBuildJdk(JavaVersion version) {
    if (!version.isCompatibleWith(BUILD_JDK)) {
      throw new GradleException(
          "Fermata is built with a JDK "
              + BUILD_JDK.getMajorVersion()
              + " or newer, for its multi-release classes; Gradle runs on "
              + version
              + ". Set JAVA_HOME to a JDK "
              + BUILD_JDK.getMajorVersion()
              + "+.");
    }
  }
}
