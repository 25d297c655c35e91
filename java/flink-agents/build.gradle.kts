// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: drop-in for Apache Flink Agents"

dependencies {
    api(project(":fermata-flink-mailbox"))
    compileOnly(libs.flink.streaming)
}
