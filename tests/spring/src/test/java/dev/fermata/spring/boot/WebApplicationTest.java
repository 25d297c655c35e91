// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/** Requests of a web application. */
class WebApplicationTest {
  private static ServletWebServerApplicationContext application;

  @EnableAsync
  @EnableAutoConfiguration
  @Configuration(proxyBeanMethods = false)
  @Import({Greetings.class, Controller.class})
  static class Application {}

  static class Greetings {
    @Async
    public CompletableFuture<String> greeting() {
      ServletRequestAttributes request =
          (ServletRequestAttributes) RequestContextHolder.currentRequestAttributes();
      return CompletableFuture.completedFuture(
          request.getRequest().getHeader("Name")
              + " in "
              + LocaleContextHolder.getLocale()
              + " on "
              + Thread.currentThread().getName());
    }
  }

  @RestController
  static class Controller {
    private final Greetings greetings;

    Controller(Greetings greetings) {
      this.greetings = greetings;
    }

    @GetMapping("/async")
    public CompletableFuture<String> async() {
      return greetings.greeting();
    }

    @GetMapping("/callable")
    public Callable<String> callable() {
      return () -> Thread.currentThread().getName();
    }
  }

  @BeforeAll
  static void start() {
    application =
        (ServletWebServerApplicationContext)
            new SpringApplicationBuilder(Application.class).run("--server.port=0");
  }

  @AfterAll
  static void stop() {
    application.close();
  }

  @Test
  void requestAndLocaleFollowIntoAsyncMethods() throws Exception {
    assertThat(get("/async")).startsWith("Ann in ja on applicationTaskExecutor");
  }

  @Test
  void callablesOfControllersRunOnTheDefaultExecutor() throws Exception {
    assertThat(get("/callable")).startsWith("applicationTaskExecutor");
  }

  private static String get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + application.getWebServer().getPort() + path))
            .header("Name", "Ann")
            .header("Accept-Language", "ja")
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
