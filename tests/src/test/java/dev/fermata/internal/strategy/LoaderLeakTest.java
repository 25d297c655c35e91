// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.internal.bridge.NativeEngine;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A class loader whose strategies were used and closed is collected while its owner lives on. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoaderLeakTest {
  @ParameterizedTest
  @MethodSource("dev.fermata.internal.strategy.WorkingStrategies#all")
  void nothingOfTheJdkHoldsAClosedStrategy(Strategy kind) throws Exception {
    WorkingStrategies.strategies();
    WeakReference<ClassLoader> loader = useInALoaderOfItsOwn(kind);

    while (loader.get() != null) {
      System.gc();
      Thread.onSpinWait();
    }
  }

  private static WeakReference<ClassLoader> useInALoaderOfItsOwn(Strategy kind) throws Exception {
    BiConsumer<String, Module> opener =
        (name, to) -> NativeEngine.openPackage(Object.class.getModule(), name, to);
    ClassLoader loader = new OwnFermata();
    Class<?> session = loader.loadClass(Session.class.getName());
    assertThat(session).isNotSameAs(Session.class);
    LongSupplier lockStack = NativeEngine::lockStack;
    session
        .getMethod("run", BiConsumer.class, LongSupplier.class, String.class)
        .invoke(null, opener, lockStack, kind.name());
    return new WeakReference<>(loader);
  }

  /** What is done in the other class loader: all that could leave something with the JDK. */
  public static final class Session {
    private static SuspendableAction action;

    private Session() {}

    public static void run(BiConsumer<String, Module> opener, LongSupplier lockStack, String kind)
        throws Exception {
      SuspensionStrategy strategy =
          Strategies.with((owner, name, to) -> opener.accept(name, to), lockStack)
              .choose(OwnerKind.LOOP, kind)
              .newStrategy(WorkingStrategies.NEVER);
      action = strategy.start(() -> Optional.of(action).map(Session::waitOnce), () -> {});
      assertThat(action.runSlice()).isFalse();
      action.wake();
      assertThat(action.runSlice()).isTrue();
      Thread closer = new Thread(strategy::close);
      closer.start();
      closer.join();
    }

    private static Pin waitOnce(SuspendableAction self) {
      synchronized (self) {
        assertThat(self.isCurrent()).isTrue();
      }
      Pin pin = self.pin();
      assertThat(pin).isEqualTo(Pin.NONE);
      self.suspend();
      return pin;
    }
  }

  /** Defines Fermata's classes, and these tests', once more. */
  private static final class OwnFermata extends ClassLoader {
    OwnFermata() {
      super(LoaderLeakTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.fermata.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? define(name) : loaded;
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
