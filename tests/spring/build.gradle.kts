// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of Spring's @Async on each JDK from 17 on"

// Spring 6 needs 17.
tasks.compileTestJava { options.release = 17 }
tasks.named("testJdk11") { enabled = false }

dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata-spring"))
    testImplementation(project(":fermata-spring-example"))
    testImplementation(project(":fermata-native"))
    testImplementation(libs.context.propagation)
    testImplementation(libs.aspectjweaver)
    testImplementation(libs.assertj)
    testImplementation(libs.junit)
    testImplementation(libs.junit.launcher)
    testImplementation(libs.spring.aspects)
    testImplementation(libs.spring.web)
    testImplementation(libs.spring.boot.starter.actuator)
    testImplementation(libs.spring.boot.test)
    testImplementation(libs.spring.security)
}
