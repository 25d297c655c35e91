// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What Fermata's executors do beyond Spring's, or differently on purpose. */
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SPRING")
abstract class OnFermata extends OnExecutor {}
