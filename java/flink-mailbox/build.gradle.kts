// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: what its modules for Flink share"

dependencies {
    api(project(":fermata"))
    compileOnly(libs.flink.streaming)
}
