// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: benchmarks of the journal"

dependencies {
    runtimeOnly(libs.logback)
    implementation(project(":fermata"))
    runtimeOnly(project(":fermata-native"))
    implementation(libs.hdrhistogram)
    implementation(libs.rocksdb)
}
