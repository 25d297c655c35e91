// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The methods of a class whose frames can stand in the way of a suspend, as its class file says:
 * those that are {@code synchronized}, contain {@code MONITORENTER} or are native, and the class
 * initialiser as long as it has not ended. By name, so that overloads share one answer.
 *
 * <p>Answers are kept with the class they are about. They are of JDK types only: an answer of a
 * type of ours, kept with a class of the JDK, would keep our class loader from being collected.
 */
final class SuspectMethods {
  private static final Logger LOG = LoggerFactory.getLogger(SuspectMethods.class);

  /** Any method may be suspect. Compared by identity. */
  static final Set<String> ALL = Set.of("*");

  private static final String CLASS_INITIALISER = "<clinit>";

  private final MethodHandle shouldBeInitialized;
  private final ClassValue<Set<String>> suspects =
      new ClassValue<>() {
        @Override
        protected Set<String> computeValue(Class<?> type) {
          return read(type);
        }
      };

  /**
   * @param opener used to tell which classes are initialised
   */
  SuspectMethods(PackageOpener opener) {
    this.shouldBeInitialized = openInitialisationCheck(opener);
  }

  /** Names of the suspect methods; {@link #ALL} where the class file cannot be read. */
  Set<String> of(Class<?> type) {
    return suspects.get(type);
  }

  private Set<String> read(Class<?> type) {
    String name = type.getName();
    if (Proxy.isProxyClass(type) || isSpunByTheJdk(name)) {
      return Set.of();
    }
    try (InputStream file = type.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
      if (file == null) {
        return ALL;
      }
      Collector collector = new Collector();
      new ClassReader(file).accept(collector, ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
      if (isInitialised(type)) {
        collector.names.remove(CLASS_INITIALISER);
      }
      return Set.copyOf(collector.names);
    } catch (IOException | RuntimeException unreadable) {
      // Also a class file newer than ASM knows. The last look of the guard answers for it.
      return ALL;
    }
  }

  /**
   * Classes that the JDK makes at run time for lambdas, method handles and reflection; none holds a
   * monitor. Hidden classes have a slash in their names, which no class from a file can have.
   */
  private static boolean isSpunByTheJdk(String name) {
    boolean hidden = name.indexOf('/') >= 0;
    return hidden && (name.contains("$$Lambda") || name.startsWith("java.lang.invoke."))
        || name.startsWith("jdk.internal.reflect.Generated");
  }

  private boolean isInitialised(Class<?> type) {
    if (shouldBeInitialized == null) {
      return false;
    }
    try {
      return !(boolean) shouldBeInitialized.invokeExact(type);
    } catch (Throwable unexpected) {
      throw new IllegalStateException("Unsafe.shouldBeInitialized failed for " + type, unexpected);
    }
  }

  private static MethodHandle openInitialisationCheck(PackageOpener opener) {
    try {
      return JdkUnsafe.method(opener, "shouldBeInitialized", Class.class);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unavailable) {
      LOG.debug("Class initialisation cannot be looked up; initialisers stay suspect", unavailable);
      return null;
    }
  }

  private static final class Collector extends ClassVisitor {
    private final Set<String> names = new HashSet<>();

    Collector() {
      super(Opcodes.ASM9);
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      if ((access & (Opcodes.ACC_SYNCHRONIZED | Opcodes.ACC_NATIVE)) != 0
          || name.equals(CLASS_INITIALISER)) {
        names.add(name);
        return null;
      }
      return new MethodVisitor(Opcodes.ASM9) {
        @Override
        public void visitInsn(int opcode) {
          if (opcode == Opcodes.MONITORENTER) {
            names.add(name);
          }
        }
      };
    }
  }
}
