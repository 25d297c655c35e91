// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

// Maven tests this build against Gradle's engine, see pom.xml beside this file.
plugins { `java-gradle-plugin` }

tasks.withType<JavaCompile>().configureEach { options.release = 17 }

gradlePlugin {
    plugins {
        register("java") {
            id = "fermata.java"
            implementationClass = "dev.fermata.gradle.JavaConventionsPlugin"
        }
        register("multiRelease") {
            id = "fermata.multi-release"
            implementationClass = "dev.fermata.gradle.MultiReleasePlugin"
        }
        register("nativeLibrary") {
            id = "fermata.native-library"
            implementationClass = "dev.fermata.gradle.NativeLibraryPlugin"
        }
        register("testMatrix") {
            id = "fermata.test-matrix"
            implementationClass = "dev.fermata.gradle.TestMatrixPlugin"
        }
    }
}
