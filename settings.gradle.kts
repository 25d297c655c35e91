// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

pluginManagement { includeBuild("gradle/build-logic") }

dependencyResolutionManagement { repositories { mavenCentral() } }

rootProject.name = "fermata-parent"

fun module(name: String, folder: String) {
    include(name)
    project(":$name").projectDir = file(folder)
}

module("fermata-native", "java/native")
module("fermata", "java/runtime")
module("fermata-durable", "java/durable")
module("fermata-flink-mailbox", "java/flink-mailbox")
module("fermata-flink-agents", "java/flink-agents")
module("fermata-flink", "java/flink")
module("fermata-spring", "java/spring")
module("fermata-spring-boot-starter", "java/spring-boot-starter")
module("fermata-examples", "java/examples")
module("fermata-agent-example", "java/agent-example")
module("fermata-spring-example", "java/spring-example")
module("fermata-tests", "tests")
module("fermata-durable-tests", "tests/durable")
module("fermata-examples-tests", "tests/examples")
module("fermata-flink-agents-jars", "tests/flink-agents-jars")
module("fermata-flink-agents-tests", "tests/flink-agents")
module("fermata-flink-tests", "tests/flink")
module("fermata-http-tests", "tests/http")
module("fermata-spring-tests", "tests/spring")
module("fermata-jcstress", "tests/jcstress")
module("fermata-benches", "benches/java")
module("fermata-flink-benches", "benches/flink")
module("fermata-http-benches", "benches/http")
module("fermata-journal-benches", "benches/journal")
module("fermata-spring-benches", "benches/spring")
