// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: the triage as an agent of Flink Agents"

// The Flink that the jars of Flink Agents are for, not the oldest one.
configurations.configureEach {
    resolutionStrategy.eachDependency { if (requested.group == "org.apache.flink") useVersion("2.2.0") }
}

dependencies {
    implementation(project(":fermata-examples"))
    compileOnly(project(":fermata-flink-agents"))
    compileOnly(project(":fermata-flink-agents-jars"))
    implementation(libs.flink.clients)
    implementation(libs.flink.python)
    implementation(libs.flink.streaming)
    implementation(libs.flink.table)
    implementation(libs.jackson)
}
