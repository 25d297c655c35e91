// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.File;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

/** {@code @Async} methods that are called through {@code this}: the warning, and the way out. */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SelfInvocationTest {
  static class ByThis {
    public CompletableFuture<String> caller() {
      return this.target();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByImplicitThis {
    public CompletableFuture<String> caller() {
      return target();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByVariable {
    public CompletableFuture<String> caller() {
      ByVariable self = this;
      return self.target();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByLambda {
    public CompletableFuture<String> caller() {
      Supplier<CompletableFuture<String>> later = () -> target();
      return later.get();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByMethodReference {
    public CompletableFuture<String> caller() {
      Supplier<CompletableFuture<String>> later = this::target;
      return later.get();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class Parent {
    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class OfAParent extends Parent {
    public CompletableFuture<String> caller() {
      return target();
    }
  }

  static class InAParent extends ByThis {}

  interface Greeting {
    CompletableFuture<String> caller();

    @Async
    CompletableFuture<String> target();
  }

  static class ByInterface implements Greeting {
    @Override
    public CompletableFuture<String> caller() {
      return target();
    }

    @Override
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  @Async
  static class OfAnAsyncClass {
    public CompletableFuture<String> caller() {
      return target();
    }

    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByProxy {
    private final ObjectProvider<ByProxy> selves;

    ByProxy(ObjectProvider<ByProxy> selves) {
      this.selves = selves;
    }

    public CompletableFuture<String> caller() {
      ByProxy self = selves.getObject();
      return self.target();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class OfAnother {
    public CompletableFuture<String> caller(OfAnother other) {
      Supplier<CompletableFuture<String>> later = other::target;
      return later.get();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  interface Generic<T> {
    T target();
  }

  static class OfAGenericInterface implements Generic<CompletableFuture<String>> {
    @Override
    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class Unmarked {
    public CompletableFuture<String> caller() {
      return target();
    }

    public CompletableFuture<String> target() {
      return onThread();
    }

    @Async
    public void other() {}
  }

  static class Overloaded {
    public CompletableFuture<String> caller() {
      return target(1);
    }

    public CompletableFuture<String> target(int unused) {
      return onThread();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByAnonymousClass {
    public CompletableFuture<String> caller() {
      return new Supplier<CompletableFuture<String>>() {
        @Override
        public CompletableFuture<String> get() {
          return target();
        }
      }.get();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByLambdaOfAnInnerClass {
    class Inner {
      class Innermost {
        Supplier<CompletableFuture<String>> caller() {
          return () -> target();
        }
      }
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByMethodReferenceOfALocalClass {
    public CompletableFuture<String> caller() {
      class Local {
        Supplier<CompletableFuture<String>> later() {
          return ByMethodReferenceOfALocalClass.this::target;
        }
      }
      return new Local().later().get();
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  static class ByInnerClassOfAnother {
    class Inner {
      CompletableFuture<String> caller(ByInnerClassOfAnother other) {
        return other.target();
      }
    }

    @Async
    public CompletableFuture<String> target() {
      return onThread();
    }
  }

  @Configuration
  @EnableAsync
  @EnableFermata
  static class ByProxies {
    @Bean
    FermataTaskExecutor taskExecutor() {
      return new FermataTaskExecutor();
    }
  }

  @Configuration
  @EnableAsync(mode = AdviceMode.ASPECTJ)
  @EnableFermata
  static class ByAspect {
    @Bean
    FermataTaskExecutor taskExecutor() {
      return new FermataTaskExecutor();
    }
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        ByThis.class,
        ByImplicitThis.class,
        ByVariable.class,
        ByLambda.class,
        ByMethodReference.class,
        OfAParent.class,
        ByInterface.class,
        OfAnAsyncClass.class
      })
  void theWarningNamesClassAndMethod(Class<?> type) {
    List<String> warnings = warnings(ByProxies.class, type);

    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).contains(type.getName() + ".caller").contains("target(");
  }

  @Test
  void theWarningNamesTheSuperclassThatCalls() {
    assertThat(warnings(ByProxies.class, InAParent.class))
        .hasSize(1)
        .first()
        .asString()
        .contains(ByThis.class.getName() + ".caller");
  }

  @ParameterizedTest
  @CsvSource({
    "ByAnonymousClass, $1.get",
    "ByLambdaOfAnInnerClass, $Inner$Innermost.caller",
    "ByMethodReferenceOfALocalClass, $1Local.later"
  })
  void theWarningNamesTheInnerClassThatCalls(String name, String caller) throws Exception {
    Class<?> type = Class.forName(SelfInvocationTest.class.getName() + "$" + name);

    List<String> warnings = warnings(ByProxies.class, type);

    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).contains(type.getName() + caller).contains("target(");
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        ByInnerClassOfAnother.class,
        ByProxy.class,
        OfAnother.class,
        Unmarked.class,
        Overloaded.class,
        Parent.class,
        OfAGenericInterface.class
      })
  void otherCallsAreNotWarnedOf(Class<?> type) {
    assertThat(warnings(ByProxies.class, type)).isEmpty();
  }

  @Test
  void aClassIsWarnedOfOnce() {
    assertThat(warnings(ByProxies.class, ByThis.class, ByThis.class)).hasSize(1);
  }

  @Test
  void inTheModeOfAspectsThereIsNothingToWarnOf() {
    assertThat(warnings(ByAspect.class, ByThis.class)).isEmpty();
  }

  @Test
  void aWovenClassCallsItselfAsynchronously() throws Exception {
    String weaver =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(element -> new File(element).getName().startsWith("aspectjweaver"))
            .findFirst()
            .orElseThrow();

    List<String> lines =
        new SpringProcess()
            .with("-javaagent:" + weaver)
            .with("-Dorg.aspectj.weaver.loadtime.configuration=dev/fermata/spring/weaving.xml")
            .run(Woven.class);

    assertThat(lines)
        .anyMatch(line -> line.startsWith("this.target() on taskExecutor-"))
        .anyMatch(line -> line.startsWith("woven: this.target() in an action true"))
        .noneMatch(line -> line.contains("through this"));
  }

  /** Weaves the classes of this test that its configuration names. */
  static final class Woven {
    private Woven() {}

    public static void main(String[] arguments) throws Exception {
      try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
        context.register(ByAspect.class, ByThis.class);
        context.refresh();
        ByThis bean = context.getBean(ByThis.class);

        System.out.println("this.target() on " + Waiting.get(bean.caller()));
        FermataTaskExecutor executor = context.getBean(FermataTaskExecutor.class);
        String own = Thread.currentThread().getName();
        System.out.println(
            "woven: this.target() in an action "
                + !Waiting.get(executor.submitAction(() -> bean.caller().join())).equals(own));
      }
    }
  }

  private static List<String> warnings(Class<?> configuration, Class<?>... beans) {
    try (LogCapture log = new LogCapture("dev.fermata.spring");
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
      context.register(configuration);
      for (int i = 0; i < beans.length; i++) {
        context.registerBean("bean" + i, beans[i]);
      }
      context.refresh();
      return log.messages(Level.WARN);
    }
  }

  private static CompletableFuture<String> onThread() {
    return CompletableFuture.completedFuture(Thread.currentThread().getName());
  }
}
