// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: drop-in for Apache Flink Agents"

// The self-contained jar, with relocated libraries, is made by Maven.
dependencies {
    api(project(":fermata-flink-mailbox"))
    implementation(libs.asm)
    runtimeOnly(project(":fermata-native"))
    compileOnly(libs.flink.streaming)
}
