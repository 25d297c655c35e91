// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.internal.loader.NativeLibrary;
import dev.fermata.testing.EchoServer;
import dev.fermata.testing.FaultInjection;
import dev.fermata.testing.FaultInjection.Point;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.Transport;
import dev.fermata.testing.Waiting;

/**
 * A program that injects one fault after the other, each into a new transport, and checks that the
 * transport then works as if nothing had been.
 */
public final class TransportFaults {
  private static final String NAME = "fault-io";

  private TransportFaults() {}

  public static void main(String[] arguments) throws Exception {
    assertThat(NativeLibrary.load().isLoaded()).isTrue();
    try (EchoServer server = new EchoServer()) {
      String url = "http://127.0.0.1:" + server.port() + "/";
      isRefused(url, Point.PanicAtEntry, ErrorKind.BOUNDARY);
      isRefused(url, Point.SpawnFails, ErrorKind.THREAD_SPAWN);
      failsOne(url, Point.AttachFails);
      failsOne(url, Point.ExceptionAfterUpcall);
    }
    System.out.println("faults of a transport: survived");
  }

  private static void isRefused(String url, Point point, ErrorKind kind) {
    FermataThreads threads = new FermataThreads(NAME);
    try (Transport transport = new Transport(NAME)) {
      FaultInjection.arm(point, 1);
      assertThatThrownBy(() -> transport.get(1, url))
          .isInstanceOfSatisfying(
              FermataException.class, thrown -> assertThat(thrown.kind()).isEqualTo(kind));
      assertThat(transport.get(2, url).status()).isEqualTo(200);
    }
    assertNothingIsLeft(threads);
  }

  private static void failsOne(String url, Point point) {
    FermataThreads threads = new FermataThreads(NAME);
    try (Transport transport = new Transport(NAME)) {
      FaultInjection.arm(point, 1);
      assertThat(transport.get(1, url).failure()).isEqualTo("Io");
      assertThat(transport.get(2, url).status()).isEqualTo(200);
    }
    assertNothingIsLeft(threads);
  }

  /**
   * A thread that still returns from its last upcall would meet the fault of the next transport.
   */
  private static void assertNothingIsLeft(FermataThreads threads) {
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
    Waiting.until("no reference is left", () -> FaultInjection.liveGlobalReferences() == 0);
  }
}
