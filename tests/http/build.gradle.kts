// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of the HTTP client beside the JDK's, on each JDK"

// The last Undertow that runs on Java 11.
configurations.configureEach {
    resolutionStrategy.force("io.undertow:undertow-core:${libs.versions.undertow.java11.get()}")
}

dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata"))
    testImplementation(project(":fermata-native"))
    testImplementation(libs.langchain4j.http.client.jdk)
    testImplementation(libs.langchain4j.open.ai)
    testImplementation(libs.undertow)
    testImplementation(libs.assertj)
    testImplementation(libs.bouncycastle)
    testImplementation(libs.junit)
    testImplementation(libs.spring.web)
}
