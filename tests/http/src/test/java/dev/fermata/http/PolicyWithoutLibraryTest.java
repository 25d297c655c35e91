// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static dev.fermata.http.PolicyRig.counts;
import static dev.fermata.http.PolicyRig.get;
import static dev.fermata.http.PolicyRig.retrying;
import static dev.fermata.http.PolicyRig.until;
import static dev.fermata.http.PolicyRig.waitingLong;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.http.conformance.ScriptedServer;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Policies of a client that is the JDK's, for want of the native library. */
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PolicyWithoutLibraryTest {
  /** Runs code with classes of its own, which load no library. */
  private static void withoutLibrary(Class<? extends Callable<Void>> code) throws Exception {
    List<URL> classPath = new ArrayList<>();
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
      classPath.add(new File(element).toURI().toURL());
    }
    System.setProperty("fermata.native", "off");
    try (URLClassLoader loader =
        new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
      Object twin = loader.loadClass(code.getName()).getDeclaredConstructor().newInstance();
      ((Callable<?>) twin).call();
    } finally {
      System.clearProperty("fermata.native");
    }
  }

  @Test
  void limitsAreRefusedAndNotIgnored() throws Exception {
    withoutLibrary(Limits.class);
  }

  @Test
  void retriesAndDeadlinesHold() throws Exception {
    withoutLibrary(Retries.class);
  }

  /** See {@link #limitsAreRefusedAndNotIgnored}. */
  public static final class Limits implements Callable<Void> {
    @Override
    public Void call() {
      for (RequestPolicy.Builder limited :
          List.of(
              RequestPolicy.newBuilder().maxConcurrent(1),
              RequestPolicy.newBuilder().requestsPerSecond(1, 1),
              RequestPolicy.newBuilder().tokensPerSecond(1, 1, request -> 1))) {
        for (NativeHttpClient.Builder builder :
            List.of(
                NativeHttpClient.newBuilder().policy(limited.build()),
                NativeHttpClient.newBuilder().policy("localhost", limited.build()))) {
          assertThatThrownBy(builder::build)
              .isInstanceOf(UnsupportedOperationException.class)
              .hasMessageContaining("fermata.native")
              .hasMessageContaining("leave out maxConcurrent");
        }
      }
      return null;
    }
  }

  /** See {@link #retriesAndDeadlinesHold}. */
  public static final class Retries implements Callable<Void> {
    @Override
    public Void call() throws Exception {
      AtomicInteger asked = new AtomicInteger();
      try (ScriptedServer server =
          ScriptedServer.answering(
              request -> {
                if (request.target.equals("/silent")) {
                  Thread.sleep(Long.MAX_VALUE);
                }
                return request.target.equals("/busy") || asked.getAndIncrement() < 2
                    ? PolicyRig.busy(request)
                    : ScriptedServer.ok("hello");
              })) {
        try (NativeHttpClient client =
            NativeHttpClient.newBuilder()
                .policy(retrying(3).deadline(Duration.ofMillis(800)).build())
                .build()) {
          assertThat(client.send(get(server, "/"), BodyHandlers.ofString()).body())
              .isEqualTo("hello");
          assertThat(client.fallbacks()).isEqualTo(3);
          assertThat(counts(client).retriedStatuses()).isEqualTo(2);
          assertThatThrownBy(() -> client.send(get(server, "/silent"), BodyHandlers.ofString()))
              .isExactlyInstanceOf(HttpTimeoutException.class);
        }
        NativeHttpClient client =
            NativeHttpClient.newBuilder().policy(waitingLong(2).build()).build();
        CompletableFuture<?> waiting =
            client.sendAsync(get(server, "/busy"), BodyHandlers.ofString());
        until(() -> counts(client).waiting() == 1);
        client.shutdownNow();
        assertThatThrownBy(waiting::get).hasCauseInstanceOf(IOException.class);
        client.close();
      }
      return null;
    }
  }
}
