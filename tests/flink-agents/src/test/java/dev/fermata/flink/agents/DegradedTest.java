// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

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

  @Test
  void whereACarrierCannotBeTheMailboxThreadActionsRunAsUpstreamsDo(@TempDir Path folder)
      throws Exception {
    // Of a Flink that calls its field otherwise.
    String mailbox = "org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl";
    ClassWriter renamed = new ClassWriter(0);
    edit(mailbox, new RenamedField(renamed, "taskMailboxThread", "owner"));

    String output =
        new AgentProcess()
            .withClass(folder, mailbox, renamed.toByteArray())
            .with("-Dfermata.strategy=handoff")
            .run();

    assertThat(output).contains("most in flight: 1", "outputs: 5");
    assertThat(warnings(output))
        .containsOnlyOnce("actions cannot leave the mailbox thread")
        .contains("taskMailboxThread");
  }

  @Test
  void withPythonActionsDoNotLeaveTheMailboxThread(@TempDir Path folder) throws Exception {
    String operator = "org/apache/flink/agents/runtime/operator/ActionExecutionOperator";
    ClassWriter withPython = new ClassWriter(ClassWriter.COMPUTE_MAXS);
    edit(operator, new WithPython(withPython, operator));

    String output =
        new AgentProcess()
            .withClass(folder, operator, withPython.toByteArray())
            .withClass(folder, WithPython.INTERPRETER, WithPython.interpreter())
            .with("-Dfermata.strategy=handoff")
            .run();

    assertThat(output).contains("most in flight: 1", "outputs: 5");
    assertThat(warnings(output)).containsOnlyOnce("the job uses Python");
  }

  private static String warnings(String output) {
    StringBuilder warnings = new StringBuilder();
    output.lines().filter(line -> line.contains(" WARN ")).forEach(warnings::append);
    return warnings.toString();
  }

  private static void edit(String name, ClassVisitor visitor) throws IOException {
    try (InputStream in =
        DegradedTest.class.getClassLoader().getResourceAsStream(name + ".class")) {
      new ClassReader(in).accept(visitor, 0);
    }
  }

  /** Calls a field by another name. */
  private static final class RenamedField extends ClassVisitor {
    private final String from;
    private final String to;

    RenamedField(ClassVisitor next, String from, String to) {
      super(Opcodes.ASM9, next);
      this.from = from;
      this.to = to;
    }

    private String renamed(String name) {
      return name.equals(from) ? to : name;
    }

    @Override
    public FieldVisitor visitField(
        int access, String name, String type, String generic, Object value) {
      return super.visitField(access, renamed(name), type, generic, value);
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String type, String generic, String[] thrown) {
      return new MethodVisitor(
          Opcodes.ASM9, super.visitMethod(access, name, type, generic, thrown)) {
        @Override
        public void visitFieldInsn(int opcode, String owner, String name, String type) {
          super.visitFieldInsn(opcode, owner, renamed(name), type);
        }
      };
    }
  }

  /** Lets the operator have an interpreter from its constructor on, as a job with Python does. */
  private static final class WithPython extends ClassVisitor {
    static final String INTERPRETER = "pemja/core/PythonInterpreter";
    private final String operator;

    WithPython(ClassVisitor next, String operator) {
      super(Opcodes.ASM9, next);
      this.operator = operator;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String type, String generic, String[] thrown) {
      MethodVisitor method = super.visitMethod(access, name, type, generic, thrown);
      if (!name.equals("<init>")) {
        return method;
      }
      return new MethodVisitor(Opcodes.ASM9, method) {
        @Override
        public void visitInsn(int opcode) {
          if (opcode == Opcodes.RETURN) {
            visitVarInsn(Opcodes.ALOAD, 0);
            visitTypeInsn(Opcodes.NEW, INTERPRETER);
            visitInsn(Opcodes.DUP);
            visitMethodInsn(Opcodes.INVOKESPECIAL, INTERPRETER, "<init>", "()V", false);
            visitFieldInsn(
                Opcodes.PUTFIELD, operator, "pythonInterpreter", "L" + INTERPRETER + ";");
          }
          super.visitInsn(opcode);
        }
      };
    }

    /** An interpreter that can be made and closed. */
    static byte[] interpreter() {
      ClassWriter writer = new ClassWriter(0);
      writer.visit(Opcodes.V11, Opcodes.ACC_PUBLIC, INTERPRETER, null, "java/lang/Object", null);
      for (String name : List.of("<init>", "close")) {
        MethodVisitor method = writer.visitMethod(Opcodes.ACC_PUBLIC, name, "()V", null, null);
        if (name.equals("<init>")) {
          method.visitVarInsn(Opcodes.ALOAD, 0);
          method.visitMethodInsn(Opcodes.INVOKESPECIAL, "java/lang/Object", "<init>", "()V", false);
        }
        method.visitInsn(Opcodes.RETURN);
        method.visitMaxs(1, 1);
      }
      return writer.toByteArray();
    }
  }
}
