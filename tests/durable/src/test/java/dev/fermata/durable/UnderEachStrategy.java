// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.Strategy;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests that run under each strategy of this JDK, each with a rig of its own. */
@ParameterizedClass
@MethodSource("dev.fermata.durable.Rig#strategies")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class UnderEachStrategy {
  @Parameter Strategy strategy;
  Rig rig;

  @BeforeEach
  final void open() {
    rig = new Rig(strategy);
  }

  @AfterEach
  final void close() {
    rig.close();
  }
}
