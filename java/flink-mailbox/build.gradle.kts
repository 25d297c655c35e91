// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: mailbox of a Flink task"

dependencies {
    api(project(":fermata"))
    compileOnly(libs.flink.streaming)
}
