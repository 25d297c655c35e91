// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import java.io.ObjectInputStream;
import org.junit.jupiter.api.Test;

/** What durable actions know of the runtime and of the world. */
class DurableArchitectureTest {
  private static final JavaClasses DURABLE =
      new ClassFileImporter()
          .withImportOption(Location::isJar)
          .importPackages("dev.fermata.durable");

  @Test
  void theTestsRunOnThePackedJar() {
    assertThat(DURABLE.contain(DurableActions.class)).isTrue();
  }

  @Test
  void durableActionsUseThePublicRuntimeOnly() {
    noClasses()
        .that()
        .resideInAPackage("dev.fermata.durable")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.fermata.internal..")
        .check(DURABLE);
  }

  @Test
  void onlyOneClassKnowsJackson() {
    noClasses()
        .that()
        .doNotHaveSimpleName("JsonSerialiser")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml.jackson..")
        .check(DURABLE);
  }

  @Test
  void noClassIsLookedUpByItsNameButByTheSerialiserThatUsersAskForByName() {
    noClasses()
        .that()
        .resideInAPackage("dev.fermata.durable")
        .and()
        .haveNameNotMatching(".*JavaSerialiser.*")
        .should()
        .callMethod(Class.class, "forName", String.class)
        .orShould()
        .callMethod(Class.class, "forName", String.class, boolean.class, ClassLoader.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(ObjectInputStream.class)
        .check(DURABLE);
  }
}
