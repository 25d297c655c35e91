// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins {
    id("fermata.java")
    id("fermata.test-matrix")
}

description = "Fermata: tests of the examples, on each JDK"

// As the examples have it.
configurations.configureEach {
    resolutionStrategy.eachDependency { if (requested.group == "org.apache.flink") useVersion("2.2.0") }
}

// logback first: SLF4J takes the first provider, and the examples bring another.
dependencies {
    testImplementation(libs.logback)
    testImplementation(project(":fermata-examples"))
    testImplementation(project(":fermata-agent-example"))
    testImplementation(project(":fermata-flink-agents"))
    testImplementation(project(":fermata-flink-agents-jars"))
    testImplementation(libs.assertj)
    testImplementation(libs.junit)
}

// Tests put the drop-in and upstream's jar on the class paths of processes.
tasks.withType<Test>().configureEach {
    doFirst {
        fun jar(prefix: String) = classpath.files.single { it.name.matches(Regex("$prefix-\\d.*")) }
        val dropIn = jar("fermata-flink-agents")
        val upstream = jar("flink-agents-dist-flink")
        systemProperty("fermata.test.drop-in", dropIn.path)
        systemProperty("fermata.test.flink-agents", upstream.path)
        classpath = files(classpath.files - setOf(dropIn, upstream))
    }
}
