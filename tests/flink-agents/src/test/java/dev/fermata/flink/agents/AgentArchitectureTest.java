// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the parts in the self-contained jar may know of each other. */
class AgentArchitectureTest {
  private static JavaClasses jar;

  @BeforeAll
  static void importThePackedJar() throws Exception {
    Path path =
        Path.of(AgentActions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (JarFile file = new JarFile(path.toFile())) {
      jar = new ClassFileImporter().importJar(file);
    }
  }

  @Test
  void theRuntimeKnowsNothingOfFlink() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.fermata", "dev.fermata.internal..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.fermata.flink..", "org.apache.flink..")
        .check(jar);
  }

  @Test
  void theMailboxKnowsNothingOfTheDropIn() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.fermata.flink.mailbox..", "dev.fermata.flink.journal..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.fermata.flink.agents..")
        .check(jar);
  }

  @Test
  void theDropInUsesThePublicRuntimeAlone() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.fermata.flink..", "org.apache.flink..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.fermata.internal..")
        .check(jar);
  }

  @Test
  void twoClassesKnowTheInsidesOfFlinkAgents() {
    classes()
        .that()
        .resideInAnyPackage("dev.fermata.flink.agents", "org.apache.flink.agents..")
        .and()
        .doNotHaveSimpleName("AgentOperator")
        .and()
        .haveNameNotMatching(".*\\.UpstreamStates(\\$.*)?")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackage("java.lang.reflect")
        .check(jar);
  }
}
