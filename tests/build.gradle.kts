// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests, run against the packed jars on each JDK"

// logback first: SLF4J takes the first provider, and the examples bring one whose MDC keeps nothing.
dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata"))
    testImplementation(project(":fermata-native"))
    testImplementation(project(":fermata-examples"))
    testImplementation(libs.archunit)
    testImplementation(libs.assertj)
    testImplementation(libs.context.propagation)
    testImplementation(libs.junit)
    testImplementation(libs.micrometer.observation)
}
