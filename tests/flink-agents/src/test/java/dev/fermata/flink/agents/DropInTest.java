// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.apache.flink.agents.runtime.async.ContinuationActionExecutor;
import org.apache.flink.agents.runtime.async.ContinuationContext;
import org.apache.flink.util.ChildFirstClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** The jar as it is placed before upstream's. */
class DropInTest {
  private static final String ASYNC = "org/apache/flink/agents/runtime/async/";

  @Test
  void theCommandSaysThatTheDropInIsInUse() throws Exception {
    assertThat(DropIn.isInUse()).isTrue();
    assertThat(DropIn.describe())
        .contains("The drop-in is in use", "fermata-flink-agents")
        .containsPattern("Flink Agents is in .*flink-agents-dist");
  }

  @Test
  void theCommandSaysThatUpstreamsJarComesFirst() throws Exception {
    String output = new AgentProcess().withLast("fermata-flink-agents").run(DropIn.class, 1);

    assertThat(output).contains("The drop-in is NOT in use", "flink-agents-dist");
  }

  @Test
  void aLogLineSaysThatTheDropInIsInUse() {
    CapturedLog log = CapturedLog.of(AgentActions.class.getName());

    new ContinuationActionExecutor(3).close();

    assertThat(log.close())
        .singleElement()
        .asString()
        .startsWith("INFO ")
        .contains(
            "Fermata",
            "fermata-flink-agents",
            "3 threads",
            "without its -javaagent",
            strategy().name());
  }

  @Test
  void aMetricSaysThatTheDropInIsInUse() throws Exception {
    Calls.reset(0);
    new AgentJob(new AskingAgent(), 1).on("hashmap").run();

    assertThat(CapturedMetrics.value("strategy")).isEqualTo(strategy().name());
  }

  @Test
  void aCallerThatIsNotTheOperatorIsServed() {
    ContinuationActionExecutor executor = new ContinuationActionExecutor(1);
    ContinuationContext context = new ContinuationContext();
    List<String> answers = new ArrayList<>();

    boolean ended = false;
    while (!ended) {
      ended =
          executor.executeAction(
              context, () -> answers.add(executor.executeAsync(context, () -> "answer")));
    }
    executor.close();
    executor.close();

    assertThat(answers).containsExactly("answer");
    assertThat(ContinuationActionExecutor.isContinuationSupported()).isTrue();
  }

  @Test
  void aSecondCopyInTheUserJarIsIndependent(@TempDir Path folder) throws Exception {
    Path copy = Files.copy(AgentProcess.jar("fermata-flink-agents"), folder.resolve("user.jar"));
    String[] parentFirst = {"java.", "org.apache.flink.", "org.slf4j."};
    try (ChildFirstClassLoader user =
        new ChildFirstClassLoader(
            new URL[] {copy.toUri().toURL()}, getClass().getClassLoader(), parentFirst, e -> {})) {
      Class<?> upstreamNamed = user.loadClass(ContinuationActionExecutor.class.getName());
      Class<?> info = user.loadClass(FermataInfo.class.getName());
      Object theirs = info.getMethod("current").invoke(null);

      assertThat(upstreamNamed).isSameAs(ContinuationActionExecutor.class);
      assertThat(info).isNotSameAs(FermataInfo.class);
      assertThat(theirs.toString())
          .contains("Owners of kind MAILBOX: " + strategy())
          .contains("Native library ");
    }
  }

  @Test
  void everyReferenceOfUpstreamResolves() throws Exception {
    List<String> unresolved = new ArrayList<>();
    int[] found = new int[1];
    try (JarFile upstream = new JarFile(AgentProcess.jar("flink-agents-dist").toFile())) {
      for (JarEntry entry : Collections.list(upstream.entries())) {
        String name = entry.getName();
        if (name.startsWith("org/apache/flink/agents/")
            && !name.startsWith(ASYNC)
            && name.endsWith(".class")) {
          try (InputStream in = upstream.getInputStream(entry)) {
            new ClassReader(in)
                .accept(
                    new ClassVisitor(Opcodes.ASM9) {
                      @Override
                      public MethodVisitor visitMethod(
                          int access, String method, String type, String generic, String[] thrown) {
                        return new ReferenceVisitor(name, unresolved, found);
                      }
                    },
                    0);
          }
        }
      }
    }
    assertThat(found[0]).isPositive();
    assertThat(unresolved).isEmpty();
  }

  @Test
  void theJarHoldsNothingThatCouldMeetAnotherVersion() throws Exception {
    try (JarFile file = new JarFile(AgentProcess.jar("fermata-flink-agents").toFile())) {
      List<String> classes =
          file.stream()
              .map(JarEntry::getName)
              .filter(name -> name.endsWith(".class"))
              .map(name -> name.replaceFirst("^META-INF/versions/\\d+/", ""))
              .filter(name -> !name.startsWith("dev/fermata/"))
              .collect(Collectors.toList());

      assertThat(classes)
          .containsExactlyInAnyOrder(
              ASYNC + "ContinuationActionExecutor.class", ASYNC + "ContinuationContext.class");
    }
  }

  private static Strategy strategy() {
    return FermataInfo.current().strategy(OwnerKind.MAILBOX).orElseThrow();
  }

  /** Looks up each method of the two classes that upstream's code calls. */
  private static final class ReferenceVisitor extends MethodVisitor {
    private final String from;
    private final List<String> unresolved;
    private final int[] found;

    ReferenceVisitor(String from, List<String> unresolved, int[] found) {
      super(Opcodes.ASM9);
      this.from = from;
      this.unresolved = unresolved;
      this.found = found;
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String type, boolean ofInterface) {
      if (!owner.startsWith(ASYNC)) {
        return;
      }
      found[0]++;
      try {
        Class<?> target = Class.forName(owner.replace('/', '.'));
        boolean resolves =
            name.equals("<init>")
                ? Arrays.stream(target.getConstructors())
                    .anyMatch(c -> Type.getConstructorDescriptor(c).equals(type))
                : Arrays.stream(target.getMethods())
                    .anyMatch(
                        m -> m.getName().equals(name) && Type.getMethodDescriptor(m).equals(type));
        if (!resolves) {
          unresolved.add(from + " calls " + owner + "." + name + type);
        }
      } catch (ClassNotFoundException missing) {
        unresolved.add(from + " uses " + owner);
      }
    }
  }
}
