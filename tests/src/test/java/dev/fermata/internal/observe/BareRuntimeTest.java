// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.ChildJvm;
import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import dev.fermata.Strategy;
import dev.fermata.internal.ambient.AmbientContext;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A Java runtime without the modules that are optional, and a class path of what is not. Logback
 * needs java.naming and java.xml.
 */
class BareRuntimeTest {
  @Test
  void everythingWorksWithoutJmxFlightRecorderAndMicrometer() throws Exception {
    String output =
        new ChildJvm()
            .with("--limit-modules", "java.base,java.naming,java.xml")
            .without("context-propagation", "micrometer", "fermata-examples")
            .run(Program.class);

    assertThat(output).contains("context-propagation: absent", "all done");
    assertThat(output.lines()).noneMatch(line -> line.startsWith("WARN"));
  }

  /** The library without {@code java.net.http}: the HTTP client alone is missing, and says so. */
  @Test
  void withoutTheModuleOfTheHttpClientActionsRun() throws Exception {
    String output =
        new ChildJvm()
            .with("--limit-modules", "java.base,java.naming,java.xml,java.management")
            .without("context-propagation", "micrometer", "fermata-examples")
            .run(WithoutHttp.class);

    assertThat(output)
        .contains("an action: value")
        .contains("the client: java.lang.NoClassDefFoundError: java/net/http/HttpClient");
    assertThat(output.lines()).noneMatch(line -> line.startsWith("WARN "));
  }

  public static final class WithoutHttp {
    public static void main(String[] arguments) throws Exception {
      try (ActionLoop loop = ActionLoop.builder().build()) {
        check(loop.executor().strategy() != Strategy.INLINE);
        System.out.println("an action: " + loop.submit(scope -> scope.call(() -> "value")).get());
      }
      try {
        Class.forName("dev.fermata.http.NativeHttpClient");
      } catch (NoClassDefFoundError missing) {
        System.out.println("the client: " + missing);
      }
    }
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError();
    }
  }

  public static final class Program implements ExecutorView {
    public static void main(String[] arguments) {
      try {
        Class.forName("io.micrometer.context.ContextRegistry");
      } catch (ClassNotFoundException absent) {
        System.out.println("context-propagation: absent");
      }
      Thread thread = Thread.currentThread();
      ClassLoader loader = thread.getContextClassLoader();
      AmbientContext action = AmbientContext.capture();
      thread.setContextClassLoader(null);
      AmbientContext owner = action.swapIn();
      check(thread.getContextClassLoader() == loader);
      owner.swapIn();
      check(thread.getContextClassLoader() == null);

      FlightEvents.suspend("bare", "a", "b").end("c");
      FlightEvents.resume("bare", "a").end("c");
      FlightEvents.call("bare", Program.class, 0).end("c");
      FlightEvents.pinned("bare", "a", "b").end("c");

      ExecutorRegistration registration =
          ExecutorRegistration.register("bare", "INLINE", new ExecutorMetrics(), new Program());
      check(registration.name().equals("bare"));
      registration.close();
      System.out.println("all done");
    }

    @Override
    public Gauges gauges() {
      return Gauges.IDLE;
    }

    @Override
    public List<SuspendedAction> suspendedActions(int max) {
      return List.of();
    }
  }
}
