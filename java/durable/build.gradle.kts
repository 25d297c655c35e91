// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.java") }

description = "Fermata: durable actions"

dependencies {
    api(project(":fermata"))
    api(libs.jackson)
    implementation(libs.jackson.jsr310)
}
