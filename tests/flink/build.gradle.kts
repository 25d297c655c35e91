// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of the operator for Apache Flink, on each JDK"

dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata-flink"))
    testImplementation(project(":fermata-native"))
    testImplementation(libs.flink.clients)
    testImplementation(libs.flink.files)
    testImplementation(libs.flink.rocksdb)
    testImplementation(libs.flink.streaming)
    testImplementation(variantOf(libs.flink.streaming) { classifier("tests") })
    testImplementation(variantOf(libs.flink.runtime) { classifier("tests") })
    testImplementation(libs.flink.test.utils) { isTransitive = false }
    testImplementation(libs.archunit)
    testImplementation(libs.assertj)
    testImplementation(libs.junit)
}
