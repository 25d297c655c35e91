// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.InvokeDynamicInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;
import org.objectweb.asm.tree.analysis.Analyzer;
import org.objectweb.asm.tree.analysis.AnalyzerException;
import org.objectweb.asm.tree.analysis.Frame;
import org.objectweb.asm.tree.analysis.SourceInterpreter;
import org.objectweb.asm.tree.analysis.SourceValue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.MethodMatcher;
import org.springframework.util.ReflectionUtils;

/**
 * Finds in the bytecode of a class where it calls a method of its own through {@code this}: in
 * methods, lambdas and method references, of the class and its superclasses and of their inner
 * classes. Calls by reflection are not seen.
 */
final class SelfInvocations {
  private static final Logger LOG = LoggerFactory.getLogger(SelfInvocations.class);

  private static final Pattern LAMBDA = Pattern.compile("lambda\\$(.+)\\$\\d+");

  /** Without code, without {@code this}, or a compiler's bridge to the method that was written. */
  private static final int NOT_CALLERS =
      Opcodes.ACC_STATIC | Opcodes.ACC_ABSTRACT | Opcodes.ACC_NATIVE | Opcodes.ACC_BRIDGE;

  private final Class<?> type;
  private final MethodMatcher matcher;
  private final Set<Call> found = new LinkedHashSet<>();

  private SelfInvocations(Class<?> type, MethodMatcher matcher) {
    this.type = type;
    this.matcher = matcher;
  }

  /** Names for each value what made it, however often it was copied since. */
  private static final class Origins extends SourceInterpreter {
    Origins() {
      super(Opcodes.ASM9);
    }

    @Override
    public SourceValue copyOperation(AbstractInsnNode instruction, SourceValue value) {
      return value.insns.isEmpty() ? super.copyOperation(instruction, value) : value;
    }
  }

  /** Where a method is called, and which, both for people. */
  record Call(String caller, String callee) {}

  /** Finds the calls of methods of the type that match. */
  static Set<Call> of(Class<?> type, MethodMatcher matcher) {
    SelfInvocations search = new SelfInvocations(type, matcher);
    for (Class<?> part = type; part != null && part != Object.class; part = part.getSuperclass()) {
      search.look(part);
    }
    return search.found;
  }

  private void look(Class<?> part) {
    Deque<String> unread = new ArrayDeque<>(List.of(Type.getInternalName(part)));
    Set<String> read = new HashSet<>();
    while (!unread.isEmpty()) {
      String name = unread.remove();
      if (read.add(name)) {
        unread.addAll(look(part, name));
      }
    }
  }

  /** Looks through the class of that name, the part or one in it, and returns those in it. */
  private List<String> look(Class<?> part, String name) {
    String file = name.substring(name.lastIndexOf('/') + 1) + ".class";
    try (InputStream bytes = part.getResourceAsStream(file)) {
      if (bytes == null) {
        LOG.debug("{} has no class file {} to look for self-invocations in", part, file);
        return List.of();
      }
      ClassNode node = new ClassNode();
      new ClassReader(bytes).accept(node, ClassReader.SKIP_FRAMES);
      for (MethodNode method : node.methods) {
        look(part, node, method);
      }
      return node.innerClasses.stream()
          .map(inner -> inner.name)
          .filter(inner -> inner.startsWith(name + "$"))
          .toList();
    } catch (IOException | AnalyzerException | IllegalArgumentException unreadable) {
      LOG.debug("{} of {} cannot be looked through", file, part, unreadable);
      return List.of();
    }
  }

  private void look(Class<?> part, ClassNode node, MethodNode method) throws AnalyzerException {
    if ((method.access & NOT_CALLERS) != 0) {
      return;
    }
    Frame<SourceValue>[] frames = null;
    for (int i = 0; i < method.instructions.size(); i++) {
      AbstractInsnNode instruction = method.instructions.get(i);
      for (Method callee : callees(instruction, part)) {
        frames = frames == null ? new Analyzer<>(new Origins()).analyze(node.name, method) : frames;
        if (frames[i] != null && isOnThis(instruction, frames[i], part, node)) {
          String caller = Type.getObjectType(node.name).getClassName();
          found.add(new Call(caller + "." + written(method.name), callee.toString()));
        }
      }
    }
  }

  /** The method that a lambda stands in. */
  private static String written(String method) {
    Matcher lambda = LAMBDA.matcher(method);
    return lambda.matches() ? lambda.group(1) : method;
  }

  /** The matching methods of the type that the instruction calls or refers to. */
  private List<Method> callees(AbstractInsnNode instruction, Class<?> part) {
    List<Method> callees = new ArrayList<>();
    if (instruction instanceof MethodInsnNode call && call.getOpcode() != Opcodes.INVOKESTATIC) {
      add(callees, call.owner, call.name, call.desc, part);
    } else if (instruction instanceof InvokeDynamicInsnNode dynamic) {
      for (Object argument : dynamic.bsmArgs) {
        if (argument instanceof Handle handle && handle.getTag() != Opcodes.H_INVOKESTATIC) {
          add(callees, handle.getOwner(), handle.getName(), handle.getDesc(), part);
        }
      }
    }
    return callees;
  }

  private void add(
      List<Method> callees, String owner, String name, String descriptor, Class<?> part) {
    if (!owner.equals(Type.getInternalName(part)) && !owner.equals(Type.getInternalName(type))) {
      return;
    }
    for (Method method : ReflectionUtils.getUniqueDeclaredMethods(type)) {
      if (method.getName().equals(name)
          && Type.getMethodDescriptor(method).equals(descriptor)
          && matcher.matches(method, type)) {
        callees.add(method);
      }
    }
  }

  /**
   * Whether what the instruction is called on, or captures first, is {@code this}, or what {@code
   * this} of an inner class is in.
   */
  private static boolean isOnThis(
      AbstractInsnNode instruction, Frame<SourceValue> frame, Class<?> part, ClassNode node) {
    String descriptor =
        instruction instanceof MethodInsnNode call
            ? call.desc
            : ((InvokeDynamicInsnNode) instruction).desc;
    int arguments = Type.getArgumentTypes(descriptor).length;
    int receiver =
        frame.getStackSize() - arguments - (instruction instanceof MethodInsnNode ? 1 : 0);
    if (receiver < 0 || receiver >= frame.getStackSize()) {
      return false;
    }
    Set<AbstractInsnNode> sources = frame.getStack(receiver).insns;
    if (sources.size() != 1) {
      return false;
    }
    AbstractInsnNode source = sources.iterator().next();
    if (node.name.equals(Type.getInternalName(part))) {
      return source instanceof VarInsnNode load
          && load.getOpcode() == Opcodes.ALOAD
          && load.var == 0;
    }
    return source instanceof FieldInsnNode field
        && field.name.startsWith("this$")
        && field.desc.equals(Type.getDescriptor(part));
  }
}
