// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.Strategy;
import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.execution.SuspendingExecution;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What stands in the way of a suspend, as the guarded strategies and the guard itself see it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MonitorGuardTest {
  private static final Object MONITOR = new Object();
  private static final AtomicReference<SuspendableAction> ACTION = new AtomicReference<>();

  /** A place to ask from, the question being handed in; and what the answer must be. */
  private enum Place {
    PLAIN(Pin.NONE) {
      @Override
      Pin ask(Supplier<Pin> question) {
        return question.get();
      }
    },
    SYNCHRONIZED_BLOCK(Pin.MONITOR) {
      @Override
      Pin ask(Supplier<Pin> question) {
        synchronized (MONITOR) {
          return question.get();
        }
      }
    },
    SYNCHRONIZED_METHOD(Pin.MONITOR) {
      @Override
      synchronized Pin ask(Supplier<Pin> question) {
        return question.get();
      }
    },
    SYNCHRONIZED_STATIC_METHOD(Pin.MONITOR) {
      @Override
      Pin ask(Supplier<Pin> question) {
        return statically(question);
      }
    },
    INFLATED_MONITOR(Pin.MONITOR) {
      @Override
      Pin ask(Supplier<Pin> question) {
        Object inflated = new Object();
        synchronized (inflated) {
          try {
            inflated.wait(1);
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return question.get();
        }
      }
    },
    CONTENDED_MONITOR(Pin.MONITOR) {
      @Override
      Pin ask(Supplier<Pin> question) {
        Object wanted = new Object();
        Thread other =
            new Thread(
                () -> {
                  synchronized (wanted) {
                    assertThat(Thread.holdsLock(wanted)).isTrue();
                  }
                });
        synchronized (wanted) {
          other.start();
          while (other.getState() != Thread.State.BLOCKED) {
            Thread.onSpinWait();
          }
          return question.get();
        }
      }
    },
    MAP_THAT_COMPUTES(Pin.MONITOR) {
      @Override
      Pin ask(Supplier<Pin> question) {
        return new ConcurrentHashMap<String, Pin>().computeIfAbsent("key", key -> question.get());
      }
    },
    RELEASED_MONITOR_IN_THE_SAME_METHOD(Pin.NONE) {
      @Override
      Pin ask(Supplier<Pin> question) {
        synchronized (MONITOR) {
          assertThat(Thread.holdsLock(MONITOR)).isTrue();
        }
        return question.get();
      }
    },
    LAMBDA_REFLECTION_AND_PROXY(Pin.NONE) {
      @Override
      Pin ask(Supplier<Pin> question) {
        return Stream.of(1).map(one -> throughReflection(throughProxy(question))).findAny().get();
      }
    };

    final Pin expected;

    Place(Pin expected) {
      this.expected = expected;
    }

    abstract Pin ask(Supplier<Pin> question);
  }

  private static synchronized Pin statically(Supplier<Pin> question) {
    return question.get();
  }

  private static Pin throughReflection(Supplier<Pin> question) {
    try {
      Method get = Supplier.class.getMethod("get");
      Pin pin = null;
      // Often enough for Java 17 to replace its native accessor by a generated class.
      for (int i = 0; i < 20; i++) {
        pin = (Pin) get.invoke(question);
      }
      return pin;
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static Supplier<Pin> throughProxy(Supplier<Pin> question) {
    return (Supplier<Pin>)
        Proxy.newProxyInstance(
            MonitorGuardTest.class.getClassLoader(),
            new Class<?>[] {Supplier.class},
            (proxy, method, arguments) -> question.get());
  }

  static Stream<Arguments> places() {
    return WorkingStrategies.guarded()
        .flatMap(kind -> Stream.of(Place.values()).map(place -> Arguments.of(kind, place)));
  }

  @ParameterizedTest
  @MethodSource("places")
  void aHeldMonitorPinsAndNothingElseDoes(Strategy kind, Place place) {
    assertThat(inAction(kind, () -> place.ask(() -> ACTION.get().pin()))).isEqualTo(place.expected);
  }

  @ParameterizedTest
  @MethodSource("places")
  void whereTheActionIsNotPinnedItCanBeSuspended(Strategy kind, Place place) {
    Pin seen =
        inAction(
            kind,
            () ->
                place.ask(
                    () -> {
                      Pin pin = ACTION.get().pin();
                      return pin == Pin.NONE && !ACTION.get().suspend() ? null : pin;
                    }));

    assertThat(seen).isEqualTo(place.expected);
  }

  @ParameterizedTest
  @MethodSource("dev.fermata.internal.strategy.WorkingStrategies#guarded")
  void monitorsOfTheOwnerAndOfAnOuterActionCountOnlyWhereTheJvmMovesThem(Strategy kind) {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    List<Pin> pins = new ArrayList<>();
    SuspendableAction[] inner = new SuspendableAction[1];
    SuspendableAction outer =
        strategy.start(
            () -> {
              synchronized (this) {
                inner[0] = strategy.start(() -> pins.add(inner[0].pin()), () -> {});
                inner[0].runSlice();
              }
            },
            () -> {});
    synchronized (MONITOR) {
      assertThat(outer.runSlice()).isTrue();
    }

    boolean moved = kind == Strategy.CONTINUATION && WorkingStrategies.JAVA >= 24;
    assertThat(pins).containsExactly(moved ? Pin.OWNER_MONITOR : Pin.NONE);
    strategy.close();
  }

  @ParameterizedTest
  @MethodSource("dev.fermata.internal.strategy.WorkingStrategies#guarded")
  void aClassInitialiserPins(Strategy kind) {
    Pin pin = inAction(kind, () -> kind == Strategy.HANDOFF ? InHandoff.PIN : InContinuation.PIN);

    // Where the JVM itself is asked, it names the native frame that runs the initialiser.
    assertThat(pin)
        .isEqualTo(
            kind == Strategy.CONTINUATION && WorkingStrategies.JAVA < 24
                ? Pin.NATIVE_FRAME
                : Pin.CLASS_INITIALISER);
  }

  private static final class InHandoff {
    static final Pin PIN = ACTION.get().pin();
  }

  private static final class InContinuation {
    static final Pin PIN = ACTION.get().pin();
  }

  @Test
  void aNativeFramePinsContinuationsOnly() throws Exception {
    String output =
        new ChildJvm()
            .with("-Djdk.reflect.useNativeAccessorOnly=true", "-Dsun.reflect.inflationThreshold=99")
            .run(NativeFrame.class);

    for (Strategy kind : WorkingStrategies.expected()) {
      Pin expected = kind == Strategy.CONTINUATION ? Pin.NATIVE_FRAME : Pin.NONE;
      assertThat(output).contains(kind + " " + expected);
    }
  }

  /** Asks under a method that native code called: reflection without generated code. */
  public static final class NativeFrame {
    private NativeFrame() {}

    public static void main(String[] arguments) {
      for (Strategy kind : WorkingStrategies.expected()) {
        Pin pin = inAction(kind, NativeFrame::reflectively);
        System.out.println(kind + " " + pin);
      }
    }

    private static Pin reflectively() {
      try {
        return (Pin) NativeFrame.class.getMethod("ask").invoke(null);
      } catch (ReflectiveOperationException e) {
        throw new AssertionError(e);
      }
    }

    public static Pin ask() {
      return ACTION.get().pin();
    }
  }

  private static Pin inAction(Strategy kind, Supplier<Pin> question) {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    Pin[] answer = new Pin[1];
    Throwable[] failure = new Throwable[1];
    ACTION.set(
        strategy.start(
            () -> {
              try {
                answer[0] = question.get();
              } catch (Throwable thrown) {
                failure[0] = thrown;
              }
            },
            () -> {}));
    while (!ACTION.get().runSlice()) {
      ACTION.get().wake();
    }
    strategy.close();
    assertThat(failure[0]).isNull();
    return answer[0];
  }

  @Test
  void classFilesTellWhichMethodsAreSuspect() {
    SuspectMethods suspects = new SuspectMethods(NativeEngine::openPackage);

    assertThat(suspects.of(Place.class)).isEmpty();
    assertThat(suspects.of(Place.SYNCHRONIZED_BLOCK.getClass())).containsExactly("ask");
    assertThat(suspects.of(Place.SYNCHRONIZED_METHOD.getClass())).containsExactly("ask");
    assertThat(suspects.of(MonitorGuardTest.class)).contains("statically").doesNotContain("places");
    assertThat(suspects.of(Object.class)).contains("hashCode", "notify").doesNotContain("equals");
    Runnable lambda = () -> {};
    assertThat(suspects.of(lambda.getClass())).isEmpty();
    assertThat(suspects.of(throughProxy(() -> Pin.NONE).getClass())).isEmpty();
  }

  @Test
  void noFrameOfTheExecutorNeedsTheSecondLook() throws Exception {
    SuspectMethods suspects = new SuspectMethods(NativeEngine::openPackage);
    List<StackWalker.StackFrame> frames = new ArrayList<>();
    try (ContinuationActionExecutor executor = new ContinuationActionExecutor(1)) {
      ContinuationContext context = new ContinuationContext();
      executor.executeAction(
          context,
          () ->
              StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                  .forEach(frames::add));
    }
    List<StackWalker.StackFrame> ofAction =
        frames.stream()
            .takeWhile(frame -> frame.getDeclaringClass() != ActionEntry.class)
            .collect(Collectors.toList());

    assertThat(ofAction).hasSizeBetween(3, frames.size() - 1);
    assertThat(ofAction)
        .noneMatch(frame -> suspects.of(frame.getDeclaringClass()).contains(frame.getMethodName()));
    for (Class<?> type : List.of(ContinuationActionExecutor.class, SuspendingExecution.class)) {
      assertThat(suspects.of(type)).doesNotContain("executeAsync", "gather", "sleep", "pin");
    }
  }

  @Test
  void initialisersAreSuspectUntilTheyEndOrIfThatCannotBeTold() {
    SuspectMethods blind =
        new SuspectMethods(
            (module, packageName, to) -> {
              throw new IllegalArgumentException("locked");
            });
    assertThat(new SuspectMethods(NativeEngine::openPackage).of(Place.class)).isEmpty();

    assertThat(blind.of(Place.class)).containsExactly("<clinit>");
    assertThat(InitialisedSlowly.SUSPECTS).containsExactly("<clinit>");
  }

  private static final class InitialisedSlowly {
    static final Set<String> SUSPECTS =
        new SuspectMethods(NativeEngine::openPackage).of(InitialisedSlowly.class);
  }

  @Test
  void aClassWithoutAClassFileIsSuspectAsAWhole() throws Exception {
    Class<?> withoutFile = new Forgetful().define(InHandoff.class);

    assertThat(new SuspectMethods(NativeEngine::openPackage).of(withoutFile))
        .isSameAs(SuspectMethods.ALL);
  }

  /** Defines classes and does not know their files. */
  private static final class Forgetful extends ClassLoader {
    Forgetful() {
      super(null);
    }

    Class<?> define(Class<?> original) throws IOException {
      String file = original.getName().replace('.', '/') + ".class";
      try (InputStream in = original.getClassLoader().getResourceAsStream(file)) {
        byte[] bytes = in.readAllBytes();
        return defineClass(original.getName(), bytes, 0, bytes.length);
      }
    }
  }

  @Test
  void withoutTheSecondLookASuspectMethodPins() throws Exception {
    MonitorGuard blind =
        new MonitorGuard(
            (module, packageName, to) -> {
              throw new IllegalArgumentException("locked");
            });
    Pin[] answers = new Pin[2];
    Thread thread =
        new Thread(
            new ActionEntry(
                () -> {
                  answers[0] = Place.PLAIN.ask(() -> blind.look(true));
                  answers[1] =
                      Place.RELEASED_MONITOR_IN_THE_SAME_METHOD.ask(() -> blind.look(true));
                }));
    thread.start();
    thread.join();

    assertThat(answers).containsExactly(Pin.NONE, Pin.MONITOR);
  }
}
