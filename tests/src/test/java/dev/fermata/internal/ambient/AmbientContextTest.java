// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.ambient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.CapturedLog;
import dev.fermata.IsolatedLoader;
import io.micrometer.context.ContextRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/**
 * What follows an action. "Owner" and "action" stand for the states of one thread before and inside
 * a slice, as the executor swaps them.
 */
public class AmbientContextTest {
  private static final ThreadLocal<String> TENANT = new ThreadLocal<>();

  private final ContextRegistry accessors = ContextRegistry.getInstance();
  private ClassLoader originalLoader;

  @BeforeEach
  void start() {
    originalLoader = Thread.currentThread().getContextClassLoader();
    accessors.removeThreadLocalAccessor(ObservationThreadLocalAccessor.KEY);
    MDC.clear();
  }

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(originalLoader);
    accessors.removeThreadLocalAccessor("tenant");
    accessors.removeThreadLocalAccessor("faulty");
    accessors.removeThreadLocalAccessor(ObservationThreadLocalAccessor.KEY);
    TENANT.remove();
    MDC.clear();
  }

  @Test
  void theContextClassLoaderFollowsAlsoWhenThereIsNone() {
    Thread thread = Thread.currentThread();
    ClassLoader other = new URLClassLoader(new URL[0], originalLoader);
    thread.setContextClassLoader(other);
    AmbientContext action = AmbientContext.capture();
    thread.setContextClassLoader(null);

    AmbientContext owner = action.swapIn();
    assertThat(thread.getContextClassLoader()).isSameAs(other);

    owner.swapIn();
    assertThat(thread.getContextClassLoader()).isNull();
  }

  @Test
  void theMdcFollowsAndChangesMadeInsideStayWithTheAction() {
    MDC.put("action", "1");
    AmbientContext action = AmbientContext.capture();
    MDC.clear();
    MDC.put("owner", "o");

    AmbientContext owner = action.swapIn();
    assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("action", "1"));
    MDC.put("step", "2");
    action = owner.swapIn();
    assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("owner", "o"));

    owner = action.swapIn();
    assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("action", "1", "step", "2"));
    owner.swapIn();
    assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of("owner", "o"));
  }

  @Test
  void anEmptyMdcFollowsToo() {
    AmbientContext action = AmbientContext.capture();
    MDC.put("owner", "o");

    AmbientContext owner = action.swapIn();
    assertThat(MDC.get("owner")).isNull();

    owner.swapIn();
    assertThat(MDC.get("owner")).isEqualTo("o");
  }

  @Test
  void anMdcSetInAnActionDoesNotStayOnItsOwner() {
    AmbientContext owner = AmbientContext.capture().swapIn();
    MDC.put("leak", "x");

    AmbientContext action = owner.swapIn();
    assertThat(MDC.get("leak")).isNull();

    action.swapIn();
    assertThat(MDC.get("leak")).isEqualTo("x");
  }

  @Test
  void itIsInstalledOnAnotherThread() throws Exception {
    registerTenant();
    MDC.put("action", "1");
    TENANT.set("blue");
    AmbientContext captured = AmbientContext.capture();
    CompletableFuture<String> seen = new CompletableFuture<>();
    CompletableFuture<String> after = new CompletableFuture<>();

    Thread worker =
        new Thread(
            () -> {
              AmbientContext previous = captured.swapIn();
              seen.complete(MDC.get("action") + " " + TENANT.get());
              previous.swapIn();
              after.complete(MDC.get("action") + " " + TENANT.get());
            });
    worker.start();
    worker.join();

    assertThat(seen).isCompletedWithValue("1 blue");
    assertThat(after).isCompletedWithValue("null null");
  }

  @Test
  void nothingIsAllocatedWhenNothingDiffers() {
    AmbientContext action = AmbientContext.capture();

    assertThat(action.swapIn()).isSameAs(action);
  }

  @Test
  void registeredValuesFollowAndAreRestored() {
    registerTenant();
    TENANT.set("blue");
    AmbientContext action = AmbientContext.capture();
    TENANT.set("red");

    AmbientContext owner = action.swapIn();
    assertThat(TENANT.get()).isEqualTo("blue");
    TENANT.set("green");

    action = owner.swapIn();
    assertThat(TENANT.get()).isEqualTo("red");

    owner = action.swapIn();
    assertThat(TENANT.get()).isEqualTo("green");
    TENANT.remove();

    action = owner.swapIn();
    assertThat(TENANT.get()).isEqualTo("red");

    owner = action.swapIn();
    assertThat(TENANT.get()).isNull();
    owner.swapIn();
    assertThat(TENANT.get()).isEqualTo("red");
  }

  @Test
  void aRegisteredValueSetInAnActionIsClearedOnAnOwnerThatHadNone() {
    registerTenant();
    AmbientContext owner = AmbientContext.capture().swapIn();
    TENANT.set("blue");

    AmbientContext action = owner.swapIn();
    assertThat(TENANT.get()).isNull();

    action.swapIn();
    assertThat(TENANT.get()).isEqualTo("blue");
  }

  @Test
  void anAccessorRegisteredWhileAnActionRunsIsHonouredToo() {
    AmbientContext owner = AmbientContext.capture().swapIn();
    registerTenant();
    TENANT.set("blue");

    AmbientContext action = owner.swapIn();
    assertThat(TENANT.get()).isNull();

    action.swapIn();
    assertThat(TENANT.get()).isEqualTo("blue");
  }

  @Test
  void registeredValuesFollowAlsoWhereTheContextClassLoaderKnowsAnotherCopyOfTheRegistry()
      throws Exception {
    try (URLClassLoader loader = IsolatedLoader.open()) {
      Class<?> copy = loader.loadClass(AmbientContextTest.class.getName());
      assertThat(copy.getMethod("tenantInACopy").invoke(null)).isEqualTo("blue");
    }
  }

  /** Called in a copy of this class, whose classes are not those of the context class loader. */
  public static String tenantInACopy() {
    TENANT.set("blue");
    AmbientContext.capture();
    ContextRegistry.getInstance().registerThreadLocalAccessor("tenant", TENANT);
    AmbientContext action = AmbientContext.capture();
    TENANT.remove();
    action.swapIn();
    return TENANT.get();
  }

  @Test
  void aFaultyAccessorIsLoggedOnceAndHarmsNothingElse() {
    registerTenant();
    accessors.registerThreadLocalAccessor(
        "faulty",
        () -> {
          throw new IllegalStateException("broken getter");
        },
        value -> {},
        () -> {});
    TENANT.set("blue");

    try (CapturedLog log = CapturedLog.of(PropagatedValues.class)) {
      AmbientContext action = AmbientContext.capture();
      TENANT.set("red");
      AmbientContext owner = action.swapIn();
      assertThat(TENANT.get()).isEqualTo("blue");
      owner.swapIn();
      assertThat(TENANT.get()).isEqualTo("red");
      assertThat(log.lines()).singleElement().asString().startsWith("WARN").contains("faulty");
    }
  }

  @Test
  void observationScopesMeetTheirEndsOverManySlices() {
    ScopeCount scopes = new ScopeCount();
    ObservationRegistry registry = observationRegistry(scopes);
    Observation observation = Observation.start("chat", registry);
    AmbientContext action = observation.scoped(AmbientContext::capture);

    for (int slice = 0; slice < 100; slice++) {
      AmbientContext owner = action.swapIn();
      assertThat(registry.getCurrentObservation()).isSameAs(observation);
      action = owner.swapIn();
      assertThat(registry.getCurrentObservation()).isNull();
    }

    assertThat(scopes.open).hasValue(0);
    assertThat(scopes.closed).hasValue(101);
  }

  @Test
  void anObservationOpenAcrossASuspensionDoesNotStayOnTheOwner() {
    ScopeCount scopes = new ScopeCount();
    ObservationRegistry registry = observationRegistry(scopes);
    Observation outer = Observation.start("outer", registry);
    AmbientContext action = outer.scoped(AmbientContext::capture);

    AmbientContext owner = action.swapIn();
    Observation inner = Observation.start("inner", registry);
    Observation.Scope acrossSuspension = inner.openScope();
    action = owner.swapIn();
    assertThat(registry.getCurrentObservationScope()).isNull();
    assertThat(scopes.open).hasValue(0);

    owner = action.swapIn();
    assertThat(registry.getCurrentObservation()).isSameAs(inner);
    acrossSuspension.close();
    assertThat(registry.getCurrentObservation()).isSameAs(outer);
    owner.swapIn();
    assertThat(registry.getCurrentObservationScope()).isNull();
  }

  @Test
  void anOwnersObservationIsHiddenFromAnActionThatHasNone() {
    ScopeCount scopes = new ScopeCount();
    ObservationRegistry registry = observationRegistry(scopes);
    AmbientContext action = AmbientContext.capture();
    Observation ofOwner = Observation.start("owner", registry);

    try (Observation.Scope open = ofOwner.openScope()) {
      for (int slice = 0; slice < 3; slice++) {
        AmbientContext owner = action.swapIn();
        assertThat(registry.getCurrentObservation()).isNotSameAs(ofOwner);
        action = owner.swapIn();
        assertThat(registry.getCurrentObservation()).isSameAs(ofOwner);
        assertThat(registry.getCurrentObservationScope()).isSameAs(open);
      }
    }

    assertThat(registry.getCurrentObservationScope()).isNull();
  }

  private void registerTenant() {
    accessors.registerThreadLocalAccessor("tenant", TENANT);
  }

  private ObservationRegistry observationRegistry(ScopeCount scopes) {
    ObservationRegistry registry = ObservationRegistry.create();
    registry.observationConfig().observationHandler(scopes);
    accessors.registerThreadLocalAccessor(new ObservationThreadLocalAccessor(registry));
    return registry;
  }

  private static final class ScopeCount implements ObservationHandler<Observation.Context> {
    final AtomicInteger open = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();

    @Override
    public void onScopeOpened(Observation.Context context) {
      open.incrementAndGet();
    }

    @Override
    public void onScopeClosed(Observation.Context context) {
      open.decrementAndGet();
      closed.incrementAndGet();
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return true;
    }
  }
}
