// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.gradle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jetbrains.kotlin.cli.common.CLIConfigurationKeys;
import org.jetbrains.kotlin.cli.common.messages.MessageCollector;
import org.jetbrains.kotlin.cli.jvm.compiler.EnvironmentConfigFiles;
import org.jetbrains.kotlin.cli.jvm.compiler.KotlinCoreEnvironment;
import org.jetbrains.kotlin.com.intellij.openapi.Disposable;
import org.jetbrains.kotlin.com.intellij.openapi.util.Disposer;
import org.jetbrains.kotlin.com.intellij.psi.PsiErrorElement;
import org.jetbrains.kotlin.com.intellij.psi.util.PsiTreeUtil;
import org.jetbrains.kotlin.config.CompilerConfiguration;
import org.jetbrains.kotlin.psi.KtFile;
import org.jetbrains.kotlin.psi.KtPsiFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The build scripts are Kotlin. Whether Gradle makes of them what is meant, only Gradle can tell.
 */
class KotlinSyntaxTest {
  private static final Path ROOT = Path.of(System.getProperty("fermata.root"));

  private final Disposable lifetime = Disposer.newDisposable();
  private final KtPsiFactory parser = new KtPsiFactory(environment(lifetime).getProject());

  @AfterEach
  void disposeOfTheParser() {
    Disposer.dispose(lifetime);
  }

  @Test
  void everyBuildScriptParses() throws Exception {
    List<String> folders = List.of(".", "gradle/build-logic");
    List<Path> scripts =
        Stream.concat(folders.stream(), new GradleFiles(ROOT).modules().values().stream())
            .distinct()
            .flatMap(
                folder ->
                    Stream.of("settings.gradle.kts", "build.gradle.kts")
                        .map(ROOT.resolve(folder)::resolve))
            .filter(Files::exists)
            .collect(Collectors.toList());

    assertThat(scripts).hasSizeGreaterThan(folders.size());
    for (Path script : scripts) {
      assertThat(errors(Files.readString(script))).as(script.toString()).isEmpty();
    }
  }

  @Test
  void aBrokenScriptDoesNot() {
    assertThat(errors("plugins { id(\"fermata.java\") ")).isNotEmpty();
  }

  private List<String> errors(String script) {
    KtFile file = parser.createFile("build.gradle.kts", script);
    return PsiTreeUtil.collectElementsOfType(file, PsiErrorElement.class).stream()
        .map(PsiErrorElement::getErrorDescription)
        .collect(Collectors.toList());
  }

  private static KotlinCoreEnvironment environment(Disposable lifetime) {
    CompilerConfiguration configuration = new CompilerConfiguration();
    configuration.put(
        CLIConfigurationKeys.MESSAGE_COLLECTOR_KEY, MessageCollector.Companion.getNONE());
    return KotlinCoreEnvironment.createForProduction(
        lifetime, configuration, EnvironmentConfigFiles.JVM_CONFIG_FILES);
  }
}
