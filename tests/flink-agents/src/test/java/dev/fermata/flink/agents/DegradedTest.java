// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is left where Fermata cannot have all that it wants, and the one line that says so. */
class DegradedTest {
  @Test
  void withoutTheNativeLibraryActionsRunAsUpstreamsDo() throws Exception {
    // A folder that cannot be written: the library is there but cannot be loaded.
    String output = new AgentProcess().with("-Dfermata.native.tmpdir=/proc").run();

    assertThat(output).contains("most in flight: 1", "outputs: 5");
    assertThat(warnings(output)).containsOnlyOnce("The native library is not loaded");
  }

  @Test
  void whereMailsCannotBeHeldTheOperatorAsksOnceAMillisecond() throws Exception {
    // Without the types of its fields nothing can be set in the operator.
    String output = new AgentProcess().without("flink-python").with("-Dtogether=true").run();

    assertThat(output).contains("most in flight: 5", "outputs: 5");
    assertThat(warnings(output)).containsOnlyOnce("the mails of its operator cannot be held");
  }

  @Test
  @Tag("java24")
  void aStrategyThatWouldBreakAMailboxIsNotUsed() throws Exception {
    String output = new AgentProcess().with("-Dfermata.strategy=virtual").run();

    assertThat(output).contains("most in flight: 1", "outputs: 5");
    assertThat(warnings(output)).containsOnlyOnce("actions cannot leave the mailbox thread");
  }

  private static String warnings(String output) {
    StringBuilder warnings = new StringBuilder();
    output.lines().filter(line -> line.contains(" WARN ")).forEach(warnings::append);
    return warnings.toString();
  }
}
