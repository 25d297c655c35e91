// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import java.util.concurrent.CompletableFuture;
import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;

/** What the slow services know, each asked on a worker of its own. */
@Component
public class TripServices {
  private final RestClient services;

  TripServices(RestClient services) {
    this.services = services;
  }

  /** The flight there. */
  @Async
  public CompletableFuture<String> flight(String to) {
    return CompletableFuture.completedFuture(ask("flight", to));
  }

  /** Where to sleep. */
  @Async
  public CompletableFuture<String> hotel(String to) {
    return CompletableFuture.completedFuture(ask("hotel", to));
  }

  /** What to see. */
  @Async
  public CompletableFuture<String> sight(String to) {
    return CompletableFuture.completedFuture(ask("sight", to));
  }

  /** What to put on. */
  @Async
  public CompletableFuture<String> weather(String to) {
    return CompletableFuture.completedFuture(ask("weather", to));
  }

  /**
   * What to show at the border. Its plain value is for actions: they wait for it without a thread.
   */
  @Async
  public String papers(String to) {
    return ask("papers", to);
  }

  private String ask(String what, String to) {
    return services.get().uri("/{what}?to={to}", what, to).retrieve().body(String.class);
  }
}
