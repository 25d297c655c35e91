// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;

/**
 * Starts the slow services and the application, asks it for trips, and prints how long that took
 * and what the actuator says meanwhile. Then it ends, or with {@code --keep} stays.
 */
public final class TripDemo {
  private static final int AT_ONCE = 100;
  private static final String ACTUATOR = "/actuator/fermata?suspended=2";

  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final String application;

  private TripDemo(String application) {
    this.application = application;
  }

  /**
   * Runs the demo.
   *
   * @param arguments {@code --keep} to stay, and what Spring Boot takes
   */
  public static void main(String[] arguments) throws Exception {
    try (SlowServices services = new SlowServices(Duration.ofMillis(200))) {
      try (ServletWebServerApplicationContext context =
          (ServletWebServerApplicationContext)
              new SpringApplicationBuilder(TripApplication.class)
                  .bannerMode(Banner.Mode.OFF)
                  .properties("logging.level.root=warn", "trip.services=" + services.address())
                  .run(arguments)) {
        new TripDemo("http://localhost:" + context.getWebServer().getPort())
            .run(services.delay().toMillis());
        if (List.of(arguments).contains("--keep")) {
          System.out.println("Stays until it is interrupted.");
          new CountDownLatch(1).await();
        }
      }
    }
  }

  private void run(long delay) throws Exception {
    System.out.printf("%nEach trip asks five services, each of which takes %d ms.%n", delay);
    atOnce(); // before the first figure: any application is slow at first
    long start = System.nanoTime();
    String trip = ask("/trip?to=Oslo").join();
    System.out.printf("GET %s/trip?to=Oslo took %d ms:%n", application, millisSince(start));
    print(trip);

    start = System.nanoTime();
    String actuator = atOnce();
    System.out.printf("%d trips at once took %d ms. Meanwhile,%n", AT_ONCE, millisSince(start));
    System.out.printf("GET %s%s said:%n", application, ACTUATOR);
    print(actuator);
  }

  /** Asks for trips, and returns what the actuator says meanwhile. */
  private String atOnce() {
    List<CompletableFuture<String>> trips =
        IntStream.range(0, AT_ONCE).mapToObj(i -> ask("/trip?to=Town" + i)).toList();
    String actuator = ask(ACTUATOR).join();
    trips.forEach(CompletableFuture::join);
    return actuator;
  }

  private CompletableFuture<String> ask(String path) {
    return client
        .sendAsync(
            HttpRequest.newBuilder(URI.create(application + path)).build(),
            HttpResponse.BodyHandlers.ofString())
        .thenApply(
            response -> {
              if (response.statusCode() != 200) {
                throw new IllegalStateException(
                    path + " answered " + response.statusCode() + ": " + response.body());
              }
              return response.body();
            });
  }

  private void print(String answer) throws Exception {
    System.out.println(json.readTree(answer).toPrettyString());
  }

  private static long millisSince(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }
}
