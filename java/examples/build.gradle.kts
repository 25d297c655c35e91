// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: examples"

// Runs on all of Java 11 to 25, as no older one does without options.
configurations.configureEach {
    resolutionStrategy.eachDependency { if (requested.group == "org.apache.flink") useVersion("2.2.0") }
}

dependencies {
    implementation(project(":fermata"))
    implementation(project(":fermata-durable"))
    implementation(project(":fermata-flink"))
    runtimeOnly(project(":fermata-native"))
    runtimeOnly(libs.slf4j.simple)
    implementation(libs.flink.clients)
    implementation(libs.flink.streaming)
    implementation(libs.jackson)
    implementation(libs.langchain4j.minilm)
    implementation(libs.picocli)
    implementation(libs.progressbar)
    implementation(libs.undertow)
}
