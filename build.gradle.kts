// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

// The modules are listed in settings.gradle.kts, how each kind of module is built is in gradle/build-logic.
description = "Actions that wait without holding a thread."
