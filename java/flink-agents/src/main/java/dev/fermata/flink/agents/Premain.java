// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;

/**
 * What the JVM calls where the jar of the drop-in is given as {@code -javaagent}. Needs neither
 * Flink nor a logger: what becomes of it is logged by the operators of Flink Agents, if there are
 * any.
 */
public final class Premain implements ClassFileTransformer {
  private Premain() {}

  /**
   * Makes the JVM show each class file to {@link ClassEdit} when it is loaded.
   *
   * @param options none
   * @param instrumentation the JVM's own
   */
  public static void premain(String options, Instrumentation instrumentation) {
    instrumentation.addTransformer(new Premain());
    JavaAgent.activate();
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> before, ProtectionDomain domain, byte[] file) {
    return name == null ? null : JavaAgent.edit(name, file);
  }
}
