// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: jcstress tests"

dependencies {
    implementation(project(":fermata"))
    implementation(libs.jcstress)
    annotationProcessor(libs.jcstress)
}
