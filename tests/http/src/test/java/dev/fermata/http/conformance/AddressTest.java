// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Hosts that are addresses. */
class AddressTest extends Conformance {
  @Test
  void anAddressOfVersion4() throws Exception {
    ScriptedServer server = answering(request -> ok(request.header("Host")));

    assertThat(text(client(), get(URI.create("http://127.0.0.1:" + server.port() + "/"))).body())
        .isEqualTo("127.0.0.1:" + server.port());
  }

  /** Where the machine has no loopback of version 6, nobody can be reached there. */
  @Test
  void anAddressOfVersion6() throws Exception {
    AtomicReference<String> host = new AtomicReference<>();
    HttpClient client = client();
    ServerSocket listener;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getByName("::1"));
    } catch (IOException noneHere) {
      assertFails(client, get(URI.create("http://[::1]:9/")), ConnectException.class);
      return;
    }
    open(
        new ScriptedServer(
            connection -> {
              for (Received next = connection.next(); next != null; next = connection.next()) {
                host.set(next.header("Host"));
                connection.write(ok("hello"));
              }
            },
            listener));
    URI uri = URI.create("http://[::1]:" + listener.getLocalPort() + "/a");

    for (int i = 0; i < 2; i++) {
      assertThat(text(client, get(uri)).body()).isEqualTo("hello");
      assertThat(host).hasValue("[::1]:" + listener.getLocalPort());
    }
  }
}
