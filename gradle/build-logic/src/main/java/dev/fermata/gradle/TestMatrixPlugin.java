// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gradle.api.GradleException;
import org.gradle.api.Plugin;
import org.gradle.api.Project;
import org.gradle.api.plugins.JavaPluginExtension;
import org.gradle.api.provider.Provider;
import org.gradle.api.tasks.SourceSet;
import org.gradle.api.tasks.TaskProvider;
import org.gradle.api.tasks.testing.Test;

/**
 * Runs the tests of a module once per JDK: tasks {@code testJdk11} to {@code testJdk25}, all part
 * of {@code check}. Id: {@code fermata.test-matrix}. The runtimes are those that {@code
 * scripts/jdks} finds or fetches. A test tagged {@code java17}, {@code java21} or {@code java24} is
 * left out on older JDKs.
 */
public final class TestMatrixPlugin implements Plugin<Project> {
  /** The tags that each JDK of the matrix leaves out. */
  private static final Map<Integer, String[]> EXCLUDED_TAGS =
      new TreeMap<>(
          Map.of(
              11, new String[] {"java17", "java21", "java24"},
              17, new String[] {"java21", "java24"},
              21, new String[] {"java24"},
              25, new String[] {}));

  private static final Pattern HOME = Pattern.compile("export JAVA_HOME_(\\d+)='(.*)'");

  @Override
  public void apply(Project project) {
    project.getPluginManager().apply(JavaConventionsPlugin.class);
    Provider<String> jdks =
        project
            .getProviders()
            .exec(spec -> spec.commandLine(project.getRootProject().file("scripts/jdks")))
            .getStandardOutput()
            .getAsText();
    SourceSet tests =
        project
            .getExtensions()
            .getByType(JavaPluginExtension.class)
            .getSourceSets()
            .getByName(SourceSet.TEST_SOURCE_SET_NAME);

    EXCLUDED_TAGS.forEach(
        (version, tags) -> {
          TaskProvider<Test> test =
              project
                  .getTasks()
                  .register(
                      "testJdk" + version,
                      Test.class,
                      task -> {
                        task.setDescription("Runs the tests on JDK " + version + ".");
                        task.setGroup("verification");
                        task.setTestClassesDirs(tests.getOutput().getClassesDirs());
                        task.setClasspath(tests.getRuntimeClasspath());
                        task.setExecutable(new File(home(jdks.get(), version), "bin/java"));
                        task.useJUnitPlatform(junit -> junit.excludeTags(tags));
                        task.setMaxHeapSize("1g");
                        task.jvmArgs("-Xcheck:jni");
                        task.dependsOn(":fermata-native:" + NativeLibraryPlugin.BUILD_NATIVE);
                        task.systemProperty(
                            "fermata.test.native.path",
                            project
                                .getRootProject()
                                .file("java/native/build/native/test-library/libfermata_test.so"));
                      });
          project.getTasks().named("check").configure(check -> check.dependsOn(test));
        });
    project.getTasks().named("test").configure(test -> test.setEnabled(false));
  }

  private static File home(String jdks, int version) {
    Matcher homes = HOME.matcher(jdks);
    while (homes.find()) {
      if (Integer.parseInt(homes.group(1)) == version) {
        return new File(homes.group(2));
      }
    }
    throw new GradleException("scripts/jdks names no JAVA_HOME_" + version + ":\n" + jdks);
  }
}
