// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.spring.FermataTaskExecutor;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestAttributesThreadLocalAccessor;
import org.springframework.web.context.request.RequestContextHolder;

/** What Spring keeps in thread-locals follows tasks and actions. */
class ContextPropagationTest {
  private final ApplicationContextRunner boot =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(FermataAutoConfiguration.class));

  @AfterEach
  void clear() {
    LocaleContextHolder.resetLocaleContext();
    RequestContextHolder.resetRequestAttributes();
    SecurityContextHolder.clearContext();
  }

  private static List<Object> found() {
    return List.of(
        LocaleContextHolder.getLocale(),
        RequestContextHolder.currentRequestAttributes(),
        SecurityContextHolder.getContext().getAuthentication().getName());
  }

  private static List<Object> installed() {
    LocaleContextHolder.setLocale(Locale.JAPANESE);
    RequestContextHolder.setRequestAttributes(new NoRequest());
    SecurityContextHolder.getContext()
        .setAuthentication(new TestingAuthenticationToken("ann", "secret"));
    return found();
  }

  @Test
  void localeRequestAndUserFollowTasks() {
    boot.run(
        context -> {
          FermataTaskExecutor executor = context.getBean(FermataTaskExecutor.class);
          List<Object> here = installed();

          assertThat(executor.submit(ContextPropagationTest::found).get()).isEqualTo(here);
          clear();
          assertThat(executor.submit(RequestContextHolder::getRequestAttributes).get()).isNull();
        });
  }

  @Test
  void localeRequestAndUserFollowActionsAndWhatTheySubmit() {
    boot.run(
        context -> {
          FermataTaskExecutor executor = context.getBean(FermataTaskExecutor.class);
          List<Object> here = installed();

          assertThat(executor.submitAction(ContextPropagationTest::found).get()).isEqualTo(here);
          assertThat(
                  executor
                      .submitAction(() -> executor.submit(ContextPropagationTest::found).get())
                      .get())
              .isEqualTo(here);
          clear();
          assertThat(executor.submitAction(RequestContextHolder::getRequestAttributes).get())
              .isNull();
        });
  }

  @Test
  void accessorsAreRegisteredOnceHoweverOftenTheApplicationStarts() {
    for (int i = 0; i < 3; i++) {
      boot.run(context -> assertThat(context).hasNotFailed());
    }

    assertThat(ContextRegistry.getInstance().getThreadLocalAccessors())
        .extracting(ThreadLocalAccessor::key)
        .doesNotHaveDuplicates()
        .contains(LocaleContextThreadLocalAccessor.KEY, RequestAttributesThreadLocalAccessor.KEY);
  }

  @Test
  void anAccessorThatTheUserRegisteredStays() {
    ContextRegistry registry = ContextRegistry.getInstance();
    ThreadLocalAccessor<?> own = new LocaleContextThreadLocalAccessor();
    registry.removeThreadLocalAccessor(LocaleContextThreadLocalAccessor.KEY);
    registry.registerThreadLocalAccessor(own);

    boot.run(
        context ->
            assertThat(registry.getThreadLocalAccessors())
                .filteredOn(accessor -> accessor instanceof LocaleContextThreadLocalAccessor)
                .containsExactly(own));
  }

  @Test
  void applicationsWithoutTheLibraryOrWithoutRequestsStart() {
    boot.withClassLoader(new FilteredClassLoader(ContextRegistry.class))
        .run(context -> assertThat(context).hasSingleBean(FermataTaskExecutor.class));
    boot.withClassLoader(new FilteredClassLoader("org.springframework.web"))
        .run(context -> assertThat(context).hasSingleBean(FermataTaskExecutor.class));
  }

  /** Stands for the attributes of a request, of which only the identity matters. */
  private static final class NoRequest implements RequestAttributes {
    @Override
    public Object getAttribute(String name, int scope) {
      return null;
    }

    @Override
    public void setAttribute(String name, Object value, int scope) {}

    @Override
    public void removeAttribute(String name, int scope) {}

    @Override
    public String[] getAttributeNames(int scope) {
      return new String[0];
    }

    @Override
    public void registerDestructionCallback(String name, Runnable callback, int scope) {}

    @Override
    public Object resolveReference(String key) {
      return null;
    }

    @Override
    public String getSessionId() {
      return "none";
    }

    @Override
    public Object getSessionMutex() {
      return this;
    }
  }
}
