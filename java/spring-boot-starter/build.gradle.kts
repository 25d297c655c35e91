// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: starter for Spring Boot, dependencies without classes"

tasks.jar { manifest { attributes("Spring-Boot-Jar-Type" to "dependencies-starter") } }

dependencies {
    api(project(":fermata-spring"))
    runtimeOnly(project(":fermata-native"))
    api(libs.context.propagation)
    api(libs.spring.boot.starter)
}
