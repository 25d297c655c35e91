// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.util.Map;

/** The demo with the triage as an agent of Flink Agents; see its {@code --help}. */
public final class AgentDemo {
  private AgentDemo() {}

  /**
   * Runs the demo and ends the process, as {@link TriageDemo} does.
   *
   * @param arguments the options
   */
  public static void main(String[] arguments) {
    System.exit(
        TriageDemo.run(Map.of("agent", EngineFactory.withoutJournal(AgentEngine::new)), arguments));
  }
}
