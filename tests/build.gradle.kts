// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests, run against the packed jars on each JDK"

dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata"))
    testImplementation(project(":fermata-native"))
    testImplementation(libs.archunit)
    testImplementation(libs.assertj)
    testImplementation(libs.context.propagation)
    testImplementation(libs.junit)
    testImplementation(libs.micrometer.observation)
}
