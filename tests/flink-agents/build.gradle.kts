// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of the drop-in on the operator of Flink Agents"

// The Flink that these jars of Flink Agents are for, not the oldest one.
configurations.configureEach {
    resolutionStrategy.eachDependency { if (requested.group == "org.apache.flink") useVersion("2.2.0") }
}

dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata-flink-agents"))
    testImplementation(project(":fermata-flink-agents-jars"))
    testImplementation(libs.flink.streaming)
    testImplementation(libs.flink.clients)
    testImplementation(libs.flink.rocksdb)
    testImplementation(libs.flink.table)
    testImplementation(libs.flink.python)
    testImplementation(libs.asm)
    testImplementation(libs.archunit)
    testImplementation(libs.assertj)
    testImplementation(libs.junit)
    testImplementation(libs.junit.launcher)
}

// Upstream's jar comes last: it holds a JUnit and an SLF4J of its own.
tasks.withType<Test>().configureEach {
    doFirst {
        val (upstream, others) = classpath.files.partition { it.name.startsWith("flink-agents-dist") }
        classpath = files(others, upstream)
    }
}
