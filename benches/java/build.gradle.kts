// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: JMH benchmarks"

dependencies {
    implementation(project(":fermata"))
    runtimeOnly(project(":fermata-native"))
    implementation(libs.jmh)
    annotationProcessor(libs.jmh.processor)
    runtimeOnly(libs.logback)
}
