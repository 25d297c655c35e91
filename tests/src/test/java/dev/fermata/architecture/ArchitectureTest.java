// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.NATIVE;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.fermata.ContinuationActionExecutor;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the packages of the packed runtime may know of each other and of the world. */
class ArchitectureTest {
  private static Path jar;
  private static JavaClasses runtime;

  @BeforeAll
  static void importThePackedJar() throws Exception {
    jar =
        Path.of(
            ContinuationActionExecutor.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    try (JarFile file = new JarFile(jar.toFile())) {
      runtime = new ClassFileImporter().importJar(file);
    }
  }

  @Test
  void theTestsRunOnThePackedJar() {
    assertThat(jar.toString()).endsWith(".jar");
    assertThat(runtime.contain(ContinuationActionExecutor.class)).isTrue();
  }

  @Test
  void onlyTheBridgeDeclaresNativeMethods() {
    methods()
        .that()
        .haveModifier(NATIVE)
        .should()
        .beDeclaredInClassesThat()
        .resideInAPackage("dev.fermata.internal.bridge")
        .check(runtime);
  }

  @Test
  void thePublicApiExposesNothingInternal() {
    classes()
        .that()
        .resideInAnyPackage(
            "dev.fermata", "dev.fermata.continuation", "dev.fermata.http", "dev.fermata.journal")
        .and()
        .arePublic()
        .should(exposeNothingInternal())
        .check(runtime);
  }

  @Test
  void theInternalPackagesHaveOneDirection() {
    slices().matching("dev.fermata.internal.(*)..").should().beFreeOfCycles().check(runtime);
  }

  @Test
  void onlyTheExecutionComposesTheOthers() {
    noClasses()
        .that()
        .resideInAPackage("dev.fermata.internal..")
        .and(not(resideInAPackage("dev.fermata.internal.execution")))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.fermata.internal.execution")
        .check(runtime);
  }

  @Test
  void librariesAreUsedWhereTheyBelong() {
    onlyIn("dev.fermata.internal.strategy", "org.objectweb.asm..");
    onlyIn("dev.fermata.internal.observe", "org.HdrHistogram..");
    onlyIn("dev.fermata.internal.observe", "jdk.jfr..");
    onlyIn("dev.fermata.internal.ambient", "io.micrometer..");
  }

  /** A runtime image may lack it. */
  @Test
  void onlyTheHttpPackagesKnowTheJdksClient() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.fermata.http", "dev.fermata.internal.http")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net.http", "dev.fermata.http", "dev.fermata.internal.http")
        .check(runtime);
  }

  private static void onlyIn(String home, String library) {
    noClasses()
        .that()
        .resideOutsideOfPackage(home)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(runtime);
  }

  private static ArchCondition<JavaClass> exposeNothingInternal() {
    return new ArchCondition<>("expose nothing internal") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        Set<JavaClass> exposed = new HashSet<>(type.getAllRawSuperclasses());
        exposed.addAll(type.getAllRawInterfaces());
        for (JavaMember member : type.getMembers()) {
          if (isVisible(member)) {
            exposed.addAll(member.getAllInvolvedRawTypes());
            if (member instanceof JavaCodeUnit) {
              exposed.addAll(((JavaCodeUnit) member).getExceptionTypes());
            }
          }
        }
        for (JavaClass found : exposed) {
          if (found.getPackageName().startsWith("dev.fermata.internal")) {
            String message = type.getName() + " exposes " + found.getName();
            events.add(SimpleConditionEvent.violated(type, message));
          }
        }
      }
    };
  }

  private static boolean isVisible(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
  }
}
