// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The operator of Flink Agents as seen by the executor that it calls. Upstream has no interface for
 * any of this: all that Fermata knows of its fields and methods stands here and in {@link
 * ClassEdit}, of its action states in {@link UpstreamStates}, and holds for 0.2, 0.3 and
 * 0.4-SNAPSHOT. Used on the mailbox thread alone.
 */
final class AgentOperator {
  private static final String TASK = "org.apache.flink.agents.runtime.operator.ActionTask";

  private final AbstractStreamOperator<?> operator;
  private final Object runner;
  private final List<Object> pendingEvents;
  private final Field memory;
  private final Field durableCalls;
  private final Method setContext;
  private final Field taskAction;
  private final Field taskEvent;
  private final Method actionName;
  private final Method eventId;
  private Object tasksHolder;
  private Field tasks;

  private AgentOperator(Object task) throws ReflectiveOperationException {
    runner = field(task, "runnerContext").get(task);
    pendingEvents = pendingEvents(runner);
    memory = field(runner, "memoryContext");
    durableCalls = field(runner, "durableExecutionContext");
    Object checker = field(runner, "mailboxThreadChecker").get(runner);
    operator =
        (AbstractStreamOperator<?>) captured(checker, AbstractStreamOperator.class.getName());
    setContext = method(runner, "setContinuationContext");
    taskAction = field(task, "action");
    taskEvent = field(task, "event");
    actionName = method(taskAction.get(task), "getName");
    eventId = method(taskEvent.get(task), "getId");
  }

  /**
   * Finds the operator that called.
   *
   * @param action what it handed to the executor, of which its task is a part
   * @throws ReflectiveOperationException if it is not an operator that is known here
   * @throws RuntimeException for the same reason, where the JVM reports it so
   */
  static AgentOperator of(Runnable action) throws ReflectiveOperationException {
    return new AgentOperator(captured(action, TASK));
  }

  Object currentKey() {
    return operator.getCurrentKey();
  }

  MetricGroup metrics() {
    return operator.getMetricGroup();
  }

  /** Identifies the action that the operator wants to run for its current key. */
  AgentTask task(Runnable action) {
    try {
      Object task = captured(action, TASK);
      return new AgentTask(
          currentKey(),
          (String) actionName.invoke(taskAction.get(task)),
          eventId.invoke(taskEvent.get(task)));
    } catch (ReflectiveOperationException refused) {
      throw unreachable(refused);
    }
  }

  /**
   * Counts the actions of the current key that have not ended; reads Flink's state. Only after
   * {@link #replaceMailboxExecutor}.
   */
  int openActions() {
    try {
      int count = 0;
      Iterable<?> open = ((ListState<?>) tasks.get(tasksHolder)).get();
      if (open != null) {
        for (Object ignored : open) {
          count++;
        }
      }
      return count;
    } catch (Exception unreadable) {
      throw new FlinkRuntimeException("The open actions of a key could not be read", unreadable);
    }
  }

  /**
   * Takes over what a suspended action has of the state that all actions share, so that the next
   * one finds none of it.
   */
  void setAside(ActionContext context) {
    try {
      context.pendingEvents = pendingEvents.isEmpty() ? List.of() : new ArrayList<>(pendingEvents);
      pendingEvents.clear();
      context.memory = memory.get(runner);
      context.durableCalls = durableCalls.get(runner);
    } catch (ReflectiveOperationException refused) {
      throw unreachable(refused);
    }
  }

  /** Puts back what {@link #setAside} took. */
  void putBack(ActionContext context) {
    try {
      pendingEvents.addAll(context.pendingEvents);
      context.pendingEvents = List.of();
      setContext.invoke(runner, context);
      memory.set(runner, context.memory);
      durableCalls.set(runner, context.durableCalls);
    } catch (ReflectiveOperationException refused) {
      throw unreachable(refused);
    }
  }

  /** Whether actions may call into a Python interpreter, which knows only the mailbox thread. */
  boolean hasPython() throws ReflectiveOperationException {
    try {
      Object holder = holder("pythonInterpreter", "pythonBridge");
      return field(holder, "pythonInterpreter").get(holder) != null;
    } catch (NoClassDefFoundError noPythonOnTheClassPath) {
      return false;
    }
  }

  /** Makes an executor of the operator's mailbox, with the operator's own priority. */
  MailboxExecutor newMailboxExecutor() {
    return operator
        .getContainingTask()
        .getMailboxExecutorFactory()
        .createExecutor(operator.getOperatorConfig().getChainIndex());
  }

  /** Makes the operator use another executor, and its open actions countable. */
  void replaceMailboxExecutor(MailboxExecutor executor) throws ReflectiveOperationException {
    tasksHolder = holder("actionTasksKState", "stateManager");
    tasks = field(tasksHolder, "actionTasksKState");
    field(operator, "mailboxExecutor").set(operator, executor);
  }

  /** Makes the journal of action states, where the job has chosen it, wait in this way. */
  void connectStore(Consumer<CompletableFuture<?>> waiting) throws ReflectiveOperationException {
    ActionStateStores.connect(operator, waiting);
  }

  /** Reads an option of the agent's configuration, which is not Flink's. */
  static String option(Object operator, String key, String otherwise)
      throws ReflectiveOperationException {
    Object plan = field(operator, "agentPlan").get(operator);
    Object config = method(plan, "getConfig").invoke(plan);
    Method text = config.getClass().getMethod("getStr", String.class, String.class);
    return (String) text.invoke(config, key, otherwise);
  }

  /** The operator's store of action states, or null. */
  static Object store(Object operator) throws ReflectiveOperationException {
    Object holder = storeHolder(operator);
    return field(holder, "actionStateStore").get(holder);
  }

  static void setStore(Object operator, Object store) throws ReflectiveOperationException {
    Object holder = storeHolder(operator);
    field(holder, "actionStateStore").set(holder, store);
  }

  private static Object storeHolder(Object operator) throws ReflectiveOperationException {
    return holder(operator, "actionStateStore", "durableExecManager");
  }

  private Object holder(String name, String part) throws ReflectiveOperationException {
    return holder(operator, name, part);
  }

  /** The operator itself, or since 0.3 the part of it that has the field. */
  private static Object holder(Object operator, String name, String part)
      throws ReflectiveOperationException {
    try {
      field(operator, name);
      return operator;
    } catch (NoSuchFieldException since03) {
      return field(operator, part).get(operator);
    }
  }

  @SuppressWarnings("unchecked")
  private static List<Object> pendingEvents(Object runner) throws ReflectiveOperationException {
    return (List<Object>) field(runner, "pendingEvents").get(runner);
  }

  /** The value of a type, given by name, that a lambda captured. */
  private static Object captured(Object lambda, String type) throws ReflectiveOperationException {
    for (Field field : lambda.getClass().getDeclaredFields()) {
      field.setAccessible(true);
      Object value = field.get(lambda);
      for (Class<?> c = value == null ? null : value.getClass(); c != null; c = c.getSuperclass()) {
        if (c.getName().equals(type)) {
          return value;
        }
      }
    }
    throw new NoSuchFieldException(lambda.getClass().getName() + " captured no " + type);
  }

  private static Field field(Object object, String name) throws NoSuchFieldException {
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          field.setAccessible(true);
          return field;
        }
      }
    }
    throw new NoSuchFieldException(object.getClass().getName() + " has no field " + name);
  }

  /** The method as the most general class has it, so that it can be called on all of its kind. */
  private static Method method(Object object, String name) throws NoSuchMethodException {
    Method found = null;
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals(name)) {
          found = method;
        }
      }
    }
    if (found == null) {
      throw new NoSuchMethodException(object.getClass().getName() + " has no method " + name);
    }
    found.setAccessible(true);
    return found;
  }

  private static IllegalStateException unreachable(ReflectiveOperationException refused) {
    return new IllegalStateException(
        "The operator of Flink Agents is not as it was when it was looked at first", refused);
  }
}
