// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import dev.fermata.FermataInfo;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Says whether the drop-in is the executor that Flink Agents gets on a class path, and what Fermata
 * can do in this JVM:
 *
 * <pre>{@code java -cp <class path of the cluster or the program> dev.fermata.flink.agents.DropIn}
 * </pre>
 *
 * <p>With {@code -javaagent:<jar of the drop-in>} before {@code -cp}, as the JVM of a job has it,
 * also whether the agent works there. Ends with status 0 if the drop-in is in use, with 1 if
 * upstream's own class comes first.
 */
public final class DropIn {
  private static final String EXECUTOR =
      "org.apache.flink.agents.runtime.async.ContinuationActionExecutor";
  private static final String OPERATOR =
      "org/apache/flink/agents/runtime/operator/ActionExecutionOperator.class";

  private DropIn() {}

  /**
   * Prints what holds for the class path and the options of this command line.
   *
   * @param arguments none
   * @throws IOException if the class path cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    System.out.println(describe());
    System.out.println(FermataInfo.current());
    if (!isInUse()) {
      System.exit(1);
    }
  }

  /**
   * Tells whether the executor that this class path gives to Flink Agents is Fermata's.
   *
   * @return {@code false} if upstream's class comes first
   */
  public static boolean isInUse() {
    try {
      Class<?> executor = Class.forName(EXECUTOR, false, DropIn.class.getClassLoader());
      return location(executor).equals(location(DropIn.class));
    } catch (ClassNotFoundException impossible) {
      throw new AssertionError("The jar of the drop-in holds " + EXECUTOR, impossible);
    }
  }

  static String describe() throws IOException {
    StringJoiner lines = new StringJoiner(System.lineSeparator());
    List<String> executors = jarsWith(EXECUTOR.replace('.', '/') + ".class");
    List<String> operators = jarsWith(OPERATOR);
    lines.add(
        isInUse()
            ? "The drop-in is in use: Flink Agents takes its executor from " + executors.get(0)
            : "The drop-in is NOT in use: Flink Agents takes its executor from "
                + executors.get(0)
                + ". Place "
                + location(DropIn.class)
                + " before it; Flink orders the jars in lib/ by name.");
    lines.add(
        operators.isEmpty()
            ? "Flink Agents itself is not on this class path."
            : "Flink Agents is in " + String.join(", ", operators));
    lines.add(
        JavaAgent.isActive()
            ? "The -javaagent is active in this JVM."
            : "The -javaagent is not active in this JVM; it is, with -javaagent:"
                + location(DropIn.class).replaceFirst("^file:", ""));
    for (ClassEdit edit : ClassEdit.values()) {
      unknown(edit).ifPresent(lines::add);
    }
    return lines.toString();
  }

  /** Why the agent would leave a class of this class path alone. */
  private static Optional<String> unknown(ClassEdit edit) throws IOException {
    String file = edit.className() + ".class";
    try (InputStream in = DropIn.class.getClassLoader().getResourceAsStream(file)) {
      if (in != null) {
        edit.apply(in.readAllBytes());
      }
      return Optional.empty();
    } catch (RuntimeException unknown) {
      return Optional.of(
          "The -javaagent does not know "
              + edit.className().replace('/', '.')
              + " and leaves it alone: "
              + unknown.getMessage());
    }
  }

  /** Where a class was loaded from. */
  static String location(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    return source == null ? "an unknown place" : source.getLocation().toString();
  }

  private static List<String> jarsWith(String resource) throws IOException {
    List<String> jars = new ArrayList<>();
    for (URL url : Collections.list(DropIn.class.getClassLoader().getResources(resource))) {
      String place = url.toString();
      String folder = place.substring(0, place.length() - resource.length());
      jars.add(folder.replaceFirst("^jar:(.*)!/$", "$1"));
    }
    return jars;
  }
}
