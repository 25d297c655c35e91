// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What Spring documents of {@code @Async} and of its executors, on each kind of executor. */
@ParameterizedClass
@EnumSource
abstract class AsyncBehaviour extends OnExecutor {}
