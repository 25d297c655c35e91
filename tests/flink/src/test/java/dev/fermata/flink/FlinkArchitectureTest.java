// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import org.junit.jupiter.api.Test;

/** The direction between the runtime, the mailbox module and the operator. */
class FlinkArchitectureTest {
  private static final JavaClasses FERMATA =
      new ClassFileImporter()
          .withImportOption(Location::isJar)
          .importPackages("dev.fermata.flink", "dev.fermata.flink.mailbox");

  @Test
  void theMailboxModuleKnowsNoOperator() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.fermata.flink.mailbox", "dev.fermata.flink.journal")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.fermata.flink")
                .or(resideInAPackage("dev.fermata.flink.internal")))
        .check(FERMATA);
  }

  @Test
  void theOperatorUsesThePublicRuntimeOnly() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.fermata.flink", "dev.fermata.flink.internal", "dev.fermata.flink.journal")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.fermata.internal..")
        .check(FERMATA);
  }
}
