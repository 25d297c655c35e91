// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import java.util.List;
import java.util.Map;
import org.gradle.api.Plugin;
import org.gradle.api.Project;
import org.gradle.api.file.FileCollection;
import org.gradle.api.plugins.JavaPluginExtension;
import org.gradle.api.tasks.SourceSet;
import org.gradle.api.tasks.SourceSetContainer;
import org.gradle.api.tasks.compile.JavaCompile;
import org.gradle.jvm.tasks.Jar;
import org.gradle.language.jvm.tasks.ProcessResources;

/**
 * Adds the source folder {@code src/main/java21} to a Java module: compiled for Java 21 against the
 * classes in {@code src/main/java}, packed under {@code META-INF/versions/21}. Id: {@code
 * fermata.multi-release}.
 */
public final class MultiReleasePlugin implements Plugin<Project> {
  private static final String NAME = "java21";
  private static final int RELEASE = 21;

  @Override
  public void apply(Project project) {
    project.getPluginManager().apply(JavaConventionsPlugin.class);
    SourceSetContainer sourceSets =
        project.getExtensions().getByType(JavaPluginExtension.class).getSourceSets();
    SourceSet main = sourceSets.getByName(SourceSet.MAIN_SOURCE_SET_NAME);
    SourceSet java21 = sourceSets.create(NAME);
    java21.getJava().setSrcDirs(List.of("src/main/" + NAME));
    FileCollection base = main.getOutput().plus(main.getCompileClasspath());
    java21.setCompileClasspath(base);

    project
        .getTasks()
        .named(java21.getCompileJavaTaskName(), JavaCompile.class)
        .configure(task -> task.getOptions().getRelease().set(RELEASE));
    project
        .getTasks()
        .named(main.getJarTaskName(), Jar.class)
        .configure(
            jar -> {
              jar.into("META-INF/versions/" + RELEASE, copy -> copy.from(java21.getOutput()));
              jar.getManifest()
                  .attributes(
                      Map.of("Multi-Release", "true", "Automatic-Module-Name", "dev.fermata"));
            });
    project
        .getTasks()
        .named(main.getProcessResourcesTaskName(), ProcessResources.class)
        .configure(
            task -> {
              task.getInputs().property("version", project.getVersion().toString());
              task.from(
                  "src/main/resources-filtered",
                  copy ->
                      copy.filter(
                          line ->
                              line.replace("${project.version}", project.getVersion().toString())));
            });
  }
}
