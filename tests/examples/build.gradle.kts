// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of the examples, on each JDK"

// As the examples have it.
configurations.configureEach {
    resolutionStrategy.eachDependency { if (requested.group == "org.apache.flink") useVersion("2.2.0") }
}

// logback first: SLF4J takes the first provider, and the examples bring another.
dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata-examples"))
    testImplementation(libs.assertj)
    testImplementation(libs.junit)
}
