// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * What the {@code -javaagent} changes in a class of Flink Agents, where two classes before
 * upstream's cannot reach: the order of closing, a final field, where action states are kept, and
 * how tasks are told apart. Each class is edited as a whole or not at all. Immutable; any thread.
 */
enum ClassEdit {
  /**
   * Closes the executor before all else, so that waiting actions unwind while the resources they
   * use are open, lets the field of the mailbox executor be set on any JVM, and asks {@link
   * ActionStateStores} for the store of action states, which learns of checkpoints.
   */
  OPERATOR("ActionExecutionOperator", 5) {
    @Override
    ClassVisitor visitor(ClassVisitor next, Count edits) {
      return new ClosingFirst(next, edits) {
        @Override
        public FieldVisitor visitField(
            int access, String name, String type, String generic, Object value) {
          if (!name.equals("mailboxExecutor")) {
            return super.visitField(access, name, type, generic, value);
          }
          edits.made++;
          return super.visitField(access & ~Opcodes.ACC_FINAL, name, type, generic, value);
        }

        @Override
        public MethodVisitor visitMethod(
            int access, String name, String type, String generic, String[] thrown) {
          MethodVisitor method = super.visitMethod(access, name, type, generic, thrown);
          for (StoreCall call : StoreCall.values()) {
            if (call.isFrom(name, type)) {
              edits.made++;
              return call.first(method);
            }
          }
          return method;
        }
      };
    }
  },

  /** Since 0.3 the operator has its executor from this class; closes the executor first here. */
  CONTEXTS("ActionTaskContextManager", 1) {
    @Override
    ClassVisitor visitor(ClassVisitor next, Count edits) {
      return new ClosingFirst(next, edits);
    }
  },

  /**
   * Tells tasks apart by the ids of their events, so that a task that comes back from Flink's state
   * is found in the operator's maps whatever its event is equal to.
   */
  TASK("ActionTask", 3) {
    @Override
    ClassVisitor visitor(ClassVisitor next, Count edits) {
      return new ClassVisitor(Opcodes.ASM9, next) {
        @Override
        public MethodVisitor visitMethod(
            int access, String name, String type, String generic, String[] thrown) {
          MethodVisitor method = super.visitMethod(access, name, type, generic, thrown);
          return name.equals("equals") || name.equals("hashCode")
              ? new EventById(method, edits)
              : method;
        }
      };
    }
  };

  /** Where all classes that are edited are. */
  static final String PACKAGE = "org/apache/flink/agents/runtime/operator/";

  private static final String EXECUTOR =
      "org/apache/flink/agents/runtime/async/ContinuationActionExecutor";
  private static final String EVENT = "org/apache/flink/agents/api/Event";
  private static final String STATE = "org/apache/flink/runtime/state/";
  private static final String STORES = "dev/fermata/flink/agents/ActionStateStores";

  private final String className;
  private final int expected;

  ClassEdit(String simpleName, int expected) {
    this.className = PACKAGE + simpleName;
    this.expected = expected;
  }

  /** The name of the class, with slashes. */
  String className() {
    return className;
  }

  /**
   * Edits the class.
   *
   * @param file its class file
   * @return the edited class file
   * @throws IllegalArgumentException if it is not of a shape that is known
   * @throws RuntimeException if it cannot be read
   */
  byte[] apply(byte[] file) {
    ClassReader reader = new ClassReader(file);
    ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
    Count edits = new Count();
    reader.accept(visitor(writer, edits), 0);
    if (edits.made != expected) {
      throw new IllegalArgumentException(
          edits.made + " of the " + expected + " places to edit were found");
    }
    return writer.toByteArray();
  }

  abstract ClassVisitor visitor(ClassVisitor next, Count edits);

  /** What a method of the operator calls first. */
  private enum StoreCall {
    INITIALIZE(
        "initializeState", "(L" + STATE + "StateInitializationContext;)V", "initialize", "") {
      @Override
      void load(MethodVisitor method) {}
    },
    SNAPSHOT(
        "snapshotState",
        "(L" + STATE + "StateSnapshotContext;)V",
        "snapshot",
        "L" + STATE + "StateSnapshotContext;") {
      @Override
      void load(MethodVisitor method) {
        method.visitVarInsn(Opcodes.ALOAD, 1);
      }
    },
    COMPLETED("notifyCheckpointComplete", "(J)V", "completed", "J") {
      @Override
      void load(MethodVisitor method) {
        method.visitVarInsn(Opcodes.LLOAD, 1);
      }
    };

    private final String from;
    private final String fromType;
    private final String to;
    private final String argument;

    StoreCall(String from, String fromType, String to, String argument) {
      this.from = from;
      this.fromType = fromType;
      this.to = to;
      this.argument = argument;
    }

    boolean isFrom(String name, String type) {
      return name.equals(from) && type.equals(fromType);
    }

    /** Loads the argument besides the operator. */
    abstract void load(MethodVisitor method);

    MethodVisitor first(MethodVisitor next) {
      return new MethodVisitor(Opcodes.ASM9, next) {
        @Override
        public void visitCode() {
          super.visitCode();
          visitVarInsn(Opcodes.ALOAD, 0);
          load(this);
          visitMethodInsn(
              Opcodes.INVOKESTATIC, STORES, to, "(Ljava/lang/Object;" + argument + ")V", false);
        }
      };
    }
  }

  private static final class Count {
    private int made;
  }

  /** Lets {@code close()} close the executor, or what holds it, before it closes anything else. */
  private static class ClosingFirst extends ClassVisitor {
    private final Count edits;
    private String owner;
    private String first;
    private String firstType;

    ClosingFirst(ClassVisitor next, Count edits) {
      super(Opcodes.ASM9, next);
      this.edits = edits;
    }

    @Override
    public void visit(
        int version, int access, String name, String generic, String parent, String[] interfaces) {
      owner = name;
      super.visit(version, access, name, generic, parent, interfaces);
    }

    @Override
    public FieldVisitor visitField(
        int access, String name, String type, String generic, Object value) {
      if (type.equals("L" + EXECUTOR + ";") || type.equals("L" + CONTEXTS.className + ";")) {
        first = name;
        firstType = type;
      }
      return super.visitField(access, name, type, generic, value);
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String type, String generic, String[] thrown) {
      MethodVisitor method = super.visitMethod(access, name, type, generic, thrown);
      if (first == null || !name.equals("close") || !type.equals("()V")) {
        return method;
      }
      edits.made++;
      return new MethodVisitor(Opcodes.ASM9, method) {
        @Override
        public void visitCode() {
          super.visitCode();
          Label rest = new Label();
          get();
          visitJumpInsn(Opcodes.IFNULL, rest);
          get();
          String holder = firstType.substring(1, firstType.length() - 1);
          visitMethodInsn(Opcodes.INVOKEVIRTUAL, holder, "close", "()V", false);
          visitLabel(rest);
          visitFrame(Opcodes.F_SAME, 0, null, 0, null);
        }

        private void get() {
          visitVarInsn(Opcodes.ALOAD, 0);
          visitFieldInsn(Opcodes.GETFIELD, owner, first, firstType);
        }
      };
    }
  }

  /** Takes the id of an event wherever a method takes the event. */
  private static final class EventById extends MethodVisitor {
    private final Count edits;

    EventById(MethodVisitor next, Count edits) {
      super(Opcodes.ASM9, next);
      this.edits = edits;
    }

    @Override
    public void visitFieldInsn(int opcode, String owner, String name, String type) {
      super.visitFieldInsn(opcode, owner, name, type);
      if (opcode == Opcodes.GETFIELD && type.equals("L" + EVENT + ";")) {
        visitMethodInsn(Opcodes.INVOKEVIRTUAL, EVENT, "getId", "()Ljava/util/UUID;", false);
        edits.made++;
      }
    }
  }
}
