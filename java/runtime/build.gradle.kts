// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.multi-release")
}

description = "Fermata: runtime"

dependencies {
    api(libs.slf4j.api)
    implementation(libs.hdrhistogram)
    implementation(libs.asm)
    compileOnly(libs.context.propagation)
}
