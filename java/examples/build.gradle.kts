// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: examples"

dependencies {
    implementation(project(":fermata"))
    runtimeOnly(project(":fermata-native"))
    runtimeOnly(libs.slf4j.simple)
    implementation(libs.jackson)
    implementation(libs.langchain4j.minilm)
    implementation(libs.picocli)
    implementation(libs.progressbar)
    implementation(libs.undertow)
}
