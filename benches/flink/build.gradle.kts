// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: benchmarks on Apache Flink"

// The Flink that the jars of Flink Agents are for, not the oldest one.
configurations.configureEach {
    resolutionStrategy.eachDependency { if (requested.group == "org.apache.flink") useVersion("2.2.0") }
}

dependencies {
    runtimeOnly(libs.logback)
    implementation(project(":fermata-flink"))
    runtimeOnly(project(":fermata-native"))
    compileOnly(project(":fermata-flink-agents"))
    compileOnly(project(":fermata-flink-agents-jars"))
    implementation(libs.flink.streaming)
    implementation(libs.flink.clients)
    implementation(libs.flink.rocksdb)
    implementation(libs.flink.table)
    implementation(libs.flink.python)
}
