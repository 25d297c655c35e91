// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: a Spring Boot application that fans out to slow calls"

// Spring 6 needs it.
tasks.compileJava { options.release = 17 }

dependencies {
    implementation(project(":fermata-spring-boot-starter"))
    implementation(libs.spring.boot.starter.actuator)
    implementation(libs.spring.boot.starter.web)
}
