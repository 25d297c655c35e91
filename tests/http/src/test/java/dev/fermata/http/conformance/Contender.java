// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import dev.fermata.http.NativeHttpClient;
import java.net.http.HttpClient;

/** The two clients that must do the same. */
enum Contender {
  JDK {
    @Override
    HttpClient.Builder newBuilder() {
      return HttpClient.newBuilder();
    }

    @Override
    HttpClient.Builder trusting(TestAuthority authority) {
      return newBuilder().sslContext(authority.clientContext());
    }

    @Override
    long fallbacks(HttpClient client) {
      return 0;
    }
  },

  FERMATA {
    @Override
    HttpClient.Builder newBuilder() {
      return NativeHttpClient.newBuilder();
    }

    @Override
    HttpClient.Builder trusting(TestAuthority authority) {
      return NativeHttpClient.newBuilder().trustAlso(authority.certificate());
    }

    @Override
    long fallbacks(HttpClient client) {
      return ((NativeHttpClient) client).fallbacks();
    }
  };

  abstract HttpClient.Builder newBuilder();

  /** A builder of clients that trust what the authority has signed. */
  abstract HttpClient.Builder trusting(TestAuthority authority);

  /** How many requests of this client another client carried out. */
  abstract long fallbacks(HttpClient client);
}
