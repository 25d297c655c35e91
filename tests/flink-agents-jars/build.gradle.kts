// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { base }

description = "Fermata: the jars of Apache Flink Agents"

val fetch by tasks.registering(Exec::class) {
    commandLine(rootProject.file("scripts/flink-agents-jars").path)
}

artifacts {
    add("default", rootProject.file(".cache/flink-agents-0.2.0/flink-2.2/flink-agents-dist-flink-2.2-0.2.0.jar")) {
        builtBy(fetch)
    }
}
