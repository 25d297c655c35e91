// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

plugins { id("fermata.native-library") }

description = "Fermata: native library, one classifier jar per platform"
