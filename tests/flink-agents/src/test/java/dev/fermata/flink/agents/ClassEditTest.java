// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.agents.runtime.async.ContinuationActionExecutor;
import org.apache.flink.agents.runtime.operator.ActionTaskContextManager;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.junit.jupiter.api.Test;

/** The edits on classes of the shape that upstream's have since 0.3. */
class ClassEditTest {
  private final Edited classes =
      new Edited(
          Map.of(
              OperatorSince03.class.getName(),
              ClassEdit.OPERATOR,
              ActionTaskContextManager.class.getName(),
              ClassEdit.CONTEXTS));

  @Test
  void theExecutorIsClosedBeforeAllElse() throws Exception {
    List<String> closed = new ArrayList<>();
    Class<?> operator = classes.loadClass(OperatorSince03.class.getName());

    close(operator.getConstructor(List.class, boolean.class).newInstance(closed, true));

    assertThat(closed).startsWith("executor", "runner context", "executor", "resource cache");
  }

  @Test
  void anOperatorThatWasNotOpenedIsClosedAsEver() throws Exception {
    List<String> closed = new ArrayList<>();
    Class<?> operator = classes.loadClass(OperatorSince03.class.getName());

    close(operator.getConstructor(List.class, boolean.class).newInstance(closed, false));

    assertThat(closed).containsExactly("resource cache");
  }

  @Test
  void theFieldOfTheMailboxExecutorIsNotFinal() throws Exception {
    Class<?> operator = classes.loadClass(OperatorSince03.class.getName());

    int modifiers = operator.getDeclaredField("mailboxExecutor").getModifiers();

    assertThat(Modifier.isFinal(modifiers)).isFalse();
  }

  @Test
  void aClassOfAnotherShapeIsRefused() {
    for (ClassEdit edit : ClassEdit.values()) {
      assertThatThrownBy(() -> edit.apply(file(ClassEditTest.class.getName())))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("0 of the ");
    }
  }

  private static void close(Object operator) throws Exception {
    ((AutoCloseable) operator).close();
  }

  private static byte[] file(String name) throws Exception {
    String path = name.replace('.', '/') + ".class";
    try (InputStream in = ClassEditTest.class.getClassLoader().getResourceAsStream(path)) {
      return in.readAllBytes();
    }
  }

  /** Closes its resources first, as upstream's operator does. */
  public static class OperatorSince03 implements AutoCloseable {
    private final MailboxExecutor mailboxExecutor = null;
    private ActionTaskContextManager contextManager;
    private final List<String> closed;

    /**
     * Creates an operator.
     *
     * @param closed notes what is closed, in order
     * @param opened whether it has what is made when it is opened
     */
    public OperatorSince03(List<String> closed, boolean opened) {
      this.closed = closed;
      contextManager =
          opened ? new ActionTaskContextManager(closed, new NotingExecutor(closed)) : null;
    }

    /**
     * Does nothing.
     *
     * @param context none
     */
    public void initializeState(StateInitializationContext context) {}

    /**
     * Does nothing.
     *
     * @param context none
     */
    public void snapshotState(StateSnapshotContext context) {}

    /**
     * Does nothing.
     *
     * @param checkpointId none
     */
    public void notifyCheckpointComplete(long checkpointId) {}

    @Override
    public void close() {
      closed.add("resource cache");
      if (contextManager != null) {
        contextManager.close();
      }
    }
  }

  /** Notes when it is closed. */
  public static class NotingExecutor extends ContinuationActionExecutor {
    private final List<String> closed;

    /**
     * Creates one.
     *
     * @param closed notes what is closed, in order
     */
    public NotingExecutor(List<String> closed) {
      super(1);
      this.closed = closed;
    }

    @Override
    public void close() {
      closed.add("executor");
      super.close();
    }
  }

  /** Defines some classes anew, edited. */
  private static final class Edited extends ClassLoader {
    private final Map<String, ClassEdit> edits;

    Edited(Map<String, ClassEdit> edits) {
      super(ClassEditTest.class.getClassLoader());
      this.edits = edits;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        if (loaded != null) {
          return loaded;
        }
        ClassEdit edit = edits.get(name);
        if (edit == null) {
          return super.loadClass(name, resolve);
        }
        try {
          byte[] file = edit.apply(file(name));
          return defineClass(name, file, 0, file.length);
        } catch (Exception unreadable) {
          throw new ClassNotFoundException(name, unreadable);
        }
      }
    }
  }
}
