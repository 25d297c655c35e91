// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Whom a client trusts: who the JVM's default trust managers trust, and the client's own roots. */
final class Trust {
  private Trust() {}

  /** The trusted certificates, as native code takes them. */
  static byte[][] encoded(List<X509Certificate> ownRoots) {
    try {
      List<byte[]> encoded = new ArrayList<>();
      for (X509Certificate root : defaultRoots()) {
        encoded.add(root.getEncoded());
      }
      for (X509Certificate root : ownRoots) {
        encoded.add(root.getEncoded());
      }
      return encoded.toArray(new byte[0][]);
    } catch (GeneralSecurityException unusable) {
      throw unusable(unusable);
    }
  }

  /** A context of the JDK that trusts the same. */
  static SSLContext context(List<X509Certificate> ownRoots) {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      List<X509Certificate> all = new ArrayList<>(defaultRoots());
      all.addAll(ownRoots);
      for (X509Certificate root : all) {
        store.setCertificateEntry("root-" + store.size(), root);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException unusable) {
      throw unusable(unusable);
    }
  }

  private static List<X509Certificate> defaultRoots() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    List<X509Certificate> roots = new ArrayList<>();
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager) {
        roots.addAll(List.of(((X509TrustManager) manager).getAcceptedIssuers()));
      }
    }
    return roots;
  }

  private static UncheckedIOException unusable(Exception cause) {
    return new UncheckedIOException(
        new IOException("The JVM's trusted certificates cannot be used", cause));
  }
}
