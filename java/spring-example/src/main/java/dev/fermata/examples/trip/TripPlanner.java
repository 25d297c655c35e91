// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import dev.fermata.spring.Action;
import java.util.concurrent.CompletableFuture;
import org.springframework.stereotype.Component;

/** Plans trips. */
@Component
public class TripPlanner {
  private final TripServices services;

  TripPlanner(TripServices services) {
    this.services = services;
  }

  /** Asks the five services at once. Wherever it waits for them it holds no thread. */
  @Action
  public CompletableFuture<Trip> plan(String to) {
    CompletableFuture<String> flight = services.flight(to);
    CompletableFuture<String> hotel = services.hotel(to);
    CompletableFuture<String> sight = services.sight(to);
    CompletableFuture<String> weather = services.weather(to);
    String papers = services.papers(to);
    return CompletableFuture.completedFuture(
        new Trip(to, flight.join(), hotel.join(), sight.join(), weather.join(), papers));
  }
}
