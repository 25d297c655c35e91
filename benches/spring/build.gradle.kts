// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: benchmark of Spring's @Async"

// Spring 6 needs 17.
tasks.compileJava { options.release = 17 }

dependencies {
    runtimeOnly(libs.logback)
    implementation(project(":fermata-spring"))
    runtimeOnly(project(":fermata-native"))
}
