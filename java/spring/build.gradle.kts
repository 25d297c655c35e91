// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: Spring's @Async"

// Spring 6 needs it.
tasks.compileJava {
    options.release = 17
    // The processor adds to them what it finds.
    inputs.files(tasks.processResources)
}

dependencies {
    api(project(":fermata"))
    implementation(libs.asm.analysis)
    api(libs.spring.context)
    // Its users bring them, or do without.
    compileOnly(libs.context.propagation)
    compileOnly(libs.micrometer.core)
    compileOnly(libs.spring.web)
    compileOnly(libs.spring.boot.actuator.autoconfigure)
    compileOnly(libs.spring.boot.autoconfigure)
    annotationProcessor(libs.spring.boot.configuration.processor)
}
