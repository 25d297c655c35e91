// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.IsolatedLoader;
import dev.fermata.Strategy;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectStreamClass;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Code that is loaded, run in continuations and generators, and given up, as by hot deployment. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UsedLoaderTest {
  @Test
  void itIsCollectedWithAndWithoutFermata() throws Exception {
    String output =
        new ChildJvm()
            .without("logback")
            // The JDK keeps what it knows of serialised classes by soft references.
            .with("-XX:SoftRefLRUPolicyMSPerMB=0")
            .run(GivenUp.class);

    assertThat(output.lines().filter(line -> line.contains("collected")))
        .containsExactlyElementsOf(() -> Kinds.all().map(GivenUp::report).iterator());
  }

  /** Uses {@link LoadedCode} in class loaders of its own, and waits until they are collected. */
  public static final class GivenUp {
    private GivenUp() {}

    public static void main(String[] arguments) {
      Kinds.all().forEach(GivenUp::giveUp);
    }

    static String report(Strategy strategy) {
      return strategy + ": code and Fermata collected, and code alone";
    }

    private static void giveUp(Strategy strategy) {
      awaitCollected(use(IsolatedLoader.open(), strategy));
      WeakReference<ClassLoader> codeAlone = use(new OwnCode(), strategy);
      if (strategy == Strategy.HANDOFF
          && Thread.getAllStackTraces().keySet().stream()
              .noneMatch(thread -> thread.getName().startsWith("fermata-carrier-"))) {
        throw new AssertionError("no idle carrier that could hold the loader");
      }
      awaitCollected(codeAlone);
      System.out.println(report(strategy));
    }

    private static void awaitCollected(WeakReference<ClassLoader> loader) {
      Waiting.until(
          "the loader is collected",
          () -> {
            System.gc();
            // Lets go of the classes in the JDK's cache of them whose soft references were cleared.
            ObjectStreamClass.lookup(Thread.State.class);
            return loader.get() == null;
          });
    }

    private static WeakReference<ClassLoader> use(ClassLoader loader, Strategy strategy) {
      ClassLoader before = Thread.currentThread().getContextClassLoader();
      Thread.currentThread().setContextClassLoader(loader);
      try {
        Class<?> code = loader.loadClass("dev.fermata.continuation.LoadedCode");
        code.getMethod("use", String.class).invoke(null, strategy.name());
        if (!(loader instanceof OwnCode)) {
          code.getMethod("endIdleCarriers").invoke(null);
        }
        return new WeakReference<>(loader);
      } catch (ReflectiveOperationException failed) {
        throw new AssertionError(failed);
      } finally {
        Thread.currentThread().setContextClassLoader(before);
      }
    }
  }

  /** Has {@link LoadedCode} itself, and all else from the class path. */
  private static final class OwnCode extends ClassLoader {
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.contains(".LoadedCode")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? define(name) : loaded;
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] code = file.readAllBytes();
        return defineClass(name, code, 0, code.length);
      } catch (IOException unreadable) {
        throw new ClassNotFoundException(name, unreadable);
      }
    }
  }
}
