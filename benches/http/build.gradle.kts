// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: benchmarks of HTTP clients and timers"

dependencies {
    runtimeOnly(libs.logback)
    implementation(project(":fermata"))
    runtimeOnly(project(":fermata-native"))
    runtimeOnly(libs.netty.tcnative)
    implementation(libs.reactor.netty)
    implementation(libs.httpclient)
}
