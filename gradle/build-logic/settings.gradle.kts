// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

dependencyResolutionManagement { repositories { mavenCentral() } }

rootProject.name = "fermata-build-logic"
