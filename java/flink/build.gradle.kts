// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: operator for Apache Flink"

dependencies {
    api(project(":fermata-flink-mailbox"))
    compileOnly(libs.flink.streaming)
}
