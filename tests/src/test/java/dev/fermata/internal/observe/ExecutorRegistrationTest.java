// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ChildJvm;
import dev.fermata.FermataExecutorMXBean;
import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import dev.fermata.IsolatedLoader;
import dev.fermata.internal.ambient.AmbientContext;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import jdk.jfr.Recording;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExecutorRegistrationTest {
  private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();

  private final ExecutorMetrics metrics = new ExecutorMetrics();
  private final FakeExecutor executor = new FakeExecutor();
  private final List<ExecutorRegistration> open = new ArrayList<>();

  @AfterEach
  void closeAll() {
    open.forEach(ExecutorRegistration::close);
  }

  @Test
  void everyAttributeIsReadableByAClientWithoutFermatasClasses() throws Exception {
    metrics.callCompleted();
    metrics.waited(2_000_000);
    register("readable");
    ObjectName name = objectName("readable");

    assertThat(SERVER.getAttribute(name, "Name")).isEqualTo("readable");
    assertThat(SERVER.getAttribute(name, "Strategy")).isEqualTo("HANDOFF");
    assertThat(
            Stream.of(
                    "InFlightCalls",
                    "QueuedCalls",
                    "RunningCalls",
                    "SleepingCalls",
                    "SuspendedActions",
                    "Workers",
                    "WakeUps",
                    "TimerEntries")
                .map(attribute -> longValue(name, attribute)))
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
    assertThat(SERVER.getAttribute(name, "CompletedCalls")).isEqualTo(1L);
    CompositeData waits = (CompositeData) SERVER.getAttribute(name, "WaitTimes");
    assertThat(waits.get("count")).isEqualTo(1L);
    assertThat((long) waits.get("p99Micros")).isCloseTo(2_000L, Percentage.withPercentage(1));
    assertThat(SERVER.getMBeanInfo(name).getAttributes())
        .allSatisfy(
            attribute -> assertThat(SERVER.getAttribute(name, attribute.getName())).isNotNull());
  }

  @Test
  void suspendedActionsAreDumpedWithAgeAndStack() throws Exception {
    executor.suspended.add(
        new SuspendedActionView(
            "a1",
            "2 calls",
            Duration.ofMillis(1_500).toNanos(),
            new StackTraceElement[] {
              new StackTraceElement("app.Job", "ask", "Job.java", 7),
              new StackTraceElement("app.Job", "run", "Job.java", 3)
            }));
    executor.suspended.add(new SuspendedActionView("a2", "sleep", 0, new StackTraceElement[0]));
    register("dump");
    FermataExecutorMXBean remote = proxy("dump");

    List<SuspendedAction> dump = remote.dumpSuspendedActions(10);
    assertThat(dump).extracting(SuspendedAction::getName).containsExactly("a1", "a2");
    assertThat(dump.get(0).getWaitsFor()).isEqualTo("2 calls");
    assertThat(dump.get(0).getAgeMillis()).isEqualTo(1_500);
    assertThat(dump.get(0).getStack())
        .containsExactly("app.Job.ask(Job.java:7)", "app.Job.run(Job.java:3)");
    assertThat(remote.dumpSuspendedActions(1)).hasSize(1);
    assertThatThrownBy(() -> remote.dumpSuspendedActions(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("max must be at least 1, but is 0");
  }

  @Test
  void namesAreMadeUniqueAndAreFreeAgainAfterClose() throws Exception {
    ExecutorRegistration first = register("same");
    ExecutorRegistration second = register("same");

    assertThat(first.name()).isEqualTo("same");
    assertThat(second.name()).isEqualTo("same-2");
    assertThat(SERVER.isRegistered(objectName("same-2"))).isTrue();
    first.close();
    first.close();
    second.close();
    assertThat(SERVER.queryNames(new ObjectName("dev.fermata:name=same*,*"), null)).isEmpty();
    try (ExecutorRegistration third = register("same")) {
      assertThat(third.name()).isEqualTo("same");
    }
  }

  @Test
  void namesThatMeanSomethingToJmxAreQuoted() throws Exception {
    String awkward = "agents: chat,*=\"?\n";
    try (ExecutorRegistration registration = register(awkward)) {
      assertThat(registration.name()).isEqualTo(awkward);
      assertThat(SERVER.isRegistered(objectName(ObjectName.quote(awkward)))).isTrue();
    }
    assertThat(SERVER.isRegistered(objectName(ObjectName.quote(awkward)))).isFalse();
  }

  @Test
  void anExecutorThatIsDroppedOpenCanBeCollectedAndShowsNothing() throws Exception {
    WeakReference<ExecutorView> dropped = new WeakReference<>(new FakeExecutor());
    register("dropped", dropped.get());
    awaitCleared(dropped);

    FermataExecutorMXBean bean = proxy("dropped");
    assertThat(bean.getInFlightCalls()).isZero();
    assertThat(bean.dumpSuspendedActions(10)).isEmpty();
  }

  @Test
  void aClassLoaderIsFreeAfterCloseAlsoWhenItWasRecorded() throws Exception {
    URLClassLoader loader = IsolatedLoader.open();
    Class<?> session = loader.loadClass(Session.class.getName());
    try (Recording recording = new Recording()) {
      recording.start();
      session.getMethod("run").invoke(null);
    }
    loader.close();
    WeakReference<ClassLoader> unloaded = new WeakReference<>(loader);
    loader = null;
    session = null;

    awaitCleared(unloaded);
  }

  @Test
  void aFailureIsOneWarning() throws Exception {
    String output =
        new ChildJvm()
            .with("-Djavax.management.builder.initial=app.NoSuchBuilder")
            .run(Session.class);

    assertThat(output.lines().filter(line -> line.startsWith("WARN")))
        .singleElement()
        .asString()
        .contains("Executor session is not visible in JMX");
    assertThat(output).contains("closed session");
  }

  /** One executor's life in JMX, to be run under another class loader or in another process. */
  public static final class Session {
    private Session() {}

    public static void main(String[] arguments) {
      run();
    }

    public static void run() {
      FakeExecutor executor = new FakeExecutor();
      ExecutorRegistration registration =
          ExecutorRegistration.register("session", "INLINE", new ExecutorMetrics(), executor);
      FlightEvents.resume("session", "action").end("finished");
      AmbientContext.capture().swapIn();
      registration.close();
      Reference.reachabilityFence(executor);
      System.out.println("closed " + registration.name());
    }
  }

  private ExecutorRegistration register(String name) {
    return register(name, executor);
  }

  private ExecutorRegistration register(String name, ExecutorView view) {
    ExecutorRegistration registration =
        ExecutorRegistration.register(name, "HANDOFF", metrics, view);
    open.add(registration);
    return registration;
  }

  private static FermataExecutorMXBean proxy(String name) throws Exception {
    return JMX.newMXBeanProxy(SERVER, objectName(name), FermataExecutorMXBean.class);
  }

  private static ObjectName objectName(String name) throws Exception {
    return new ObjectName("dev.fermata:type=Executor,name=" + name);
  }

  private static Object longValue(ObjectName name, String attribute) {
    try {
      return SERVER.getAttribute(name, attribute);
    } catch (Exception failed) {
      throw new AssertionError(attribute, failed);
    }
  }

  private static void awaitCleared(WeakReference<?> reference) {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (reference.get() != null) {
      assertThat(System.nanoTime()).as("still reachable").isLessThan(deadline);
      System.gc();
      Thread.yield();
    }
  }

  private static final class FakeExecutor implements ExecutorView {
    final List<SuspendedAction> suspended = new ArrayList<>();

    @Override
    public Gauges gauges() {
      return new Gauges(new long[] {1, 2, 3, 4, 5, 6, 7, 8});
    }

    @Override
    public List<SuspendedAction> suspendedActions(int max) {
      return suspended.subList(0, Math.min(max, suspended.size()));
    }
  }
}
