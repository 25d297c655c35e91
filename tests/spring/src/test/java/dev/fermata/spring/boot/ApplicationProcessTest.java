// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import dev.fermata.spring.Action;
import dev.fermata.spring.FermataTaskExecutor;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

/** An application in a process of its own, with more or less around it. */
class ApplicationProcessTest {
  @EnableAsync
  @EnableAutoConfiguration
  @Configuration(proxyBeanMethods = false)
  static class Application {
    /** Prints the answer of an action, and how it was come by. */
    public static void main(String[] arguments) {
      try (ConfigurableApplicationContext context =
          new SpringApplicationBuilder(Application.class)
              .web(WebApplicationType.NONE)
              .run("--management.endpoints.web.exposure.include=fermata")) {
        System.out.println("answer: " + context.getBean(Caller.class).call());
        System.out.println("strategy: " + context.getBean(FermataTaskExecutor.class).strategy());
        System.out.println("endpoint: " + context.containsBean("fermataEndpoint"));
        System.out.println("meters: " + context.containsBean("fermataMetrics"));
      }
    }

    @Bean
    Callee callee() {
      return new Callee();
    }

    @Bean
    Caller caller(Callee callee) {
      return new Caller(callee);
    }
  }

  static class Callee {
    @Async
    public CompletableFuture<Integer> twenty() {
      return CompletableFuture.completedFuture(20);
    }

    @Async
    public Integer one() {
      return 1;
    }
  }

  static class Caller {
    private final Callee callee;

    Caller(Callee callee) {
      this.callee = callee;
    }

    @Action
    public int call() {
      return 2 * callee.twenty().join() + 2 * callee.one();
    }
  }

  @Test
  void everythingIsThere() throws Exception {
    assertThat(run(Stream.empty()))
        .contains("answer: 42", "endpoint: true", "meters: true")
        .doesNotContain("strategy: " + Strategy.INLINE);
  }

  @Test
  void theNativeLibraryIsNot() throws Exception {
    assertThat(run(Stream.empty(), "-Dfermata.native=off"))
        .contains("answer: 42", "strategy: " + Strategy.INLINE, "endpoint: true", "meters: true");
  }

  @Test
  void nothingThatIsOptionalIsThere() throws Exception {
    Stream<String> optional =
        Stream.of(
            "context-propagation",
            "micrometer",
            "spring-boot-actuator",
            "spring-security",
            "spring-web");

    assertThat(run(optional)).contains("answer: 42", "endpoint: false", "meters: false");
  }

  /** Runs the application on the class path of this process, but for jars of some names. */
  private static String run(Stream<String> without, String... options) throws Exception {
    String[] absent = without.toArray(String[]::new);
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(jar -> Arrays.stream(absent).noneMatch(new File(jar).getName()::startsWith))
            // Its manifest would bring back what is left out.
            .filter(jar -> !new File(jar).getName().startsWith("fermata-spring-example"))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Stream.of(
                        Stream.of(System.getProperty("java.home") + "/bin/java"),
                        Stream.of("-XX:TieredStopAtLevel=1"),
                        Arrays.stream(options),
                        Stream.of("-cp", classPath, Application.class.getName()))
                    .flatMap(part -> part)
                    .toList())
            .redirectErrorStream(true)
            .start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
