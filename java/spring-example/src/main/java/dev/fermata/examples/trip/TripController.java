// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import java.util.concurrent.CompletableFuture;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The endpoint. */
@RestController
class TripController {
  private final TripPlanner planner;

  TripController(TripPlanner planner) {
    this.planner = planner;
  }

  @GetMapping("/trip")
  CompletableFuture<Trip> trip(@RequestParam String to) {
    return planner.plan(to);
  }
}
