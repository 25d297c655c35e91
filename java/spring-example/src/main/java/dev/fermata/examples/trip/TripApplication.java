// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.client.RestClient;

/**
 * Plans trips at {@code /trip?to=Oslo}, from what five slow services say. Where they are is the
 * property {@code trip.services}.
 */
@EnableAsync
@SpringBootApplication(proxyBeanMethods = false)
public class TripApplication {
  /** Starts the application. */
  public static void main(String[] arguments) {
    SpringApplication.run(TripApplication.class, arguments);
  }

  @Bean
  RestClient services(RestClient.Builder builder, @Value("${trip.services}") String address) {
    return builder.baseUrl(address).build();
  }
}
