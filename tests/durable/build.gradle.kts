// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of durable actions, on each JDK"

dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata-durable"))
    testImplementation(project(":fermata-native"))
    testImplementation(libs.archunit)
    testImplementation(libs.assertj)
    testImplementation(libs.junit)
}
