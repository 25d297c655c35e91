// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import dev.fermata.FermataException;
import dev.fermata.internal.bridge.NativeTransport;
import dev.fermata.internal.loader.NativeLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom a client trusts, whichever client carries its requests: who the JVM's default trust managers
 * trust, the client's own roots, and who the platform trusts if the client was told so, who is
 * looked up once. Thread-safe.
 */
final class Trust {
  private static final Logger LOG = LoggerFactory.getLogger(Trust.class);

  private final ClientOptions options;
  private byte[][] platform;

  /**
   * @param options not changed any more
   */
  Trust(ClientOptions options) {
    this.options = options;
  }

  /** Whether it is more than what any client of the JDK trusts. */
  boolean isExtended() {
    return options.platformTrust || !options.roots.isEmpty();
  }

  /** The trusted certificates, as native code takes them. */
  byte[][] encoded() throws IOException {
    List<byte[]> encoded = new ArrayList<>(List.of(platform()));
    try {
      for (X509Certificate root : ownRoots()) {
        encoded.add(root.getEncoded());
      }
    } catch (GeneralSecurityException unusable) {
      throw unusable(unusable);
    }
    return encoded.toArray(new byte[0][]);
  }

  /** A context of the JDK that trusts the same. */
  SSLContext context() throws IOException {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      List<Certificate> all = new ArrayList<>(ownRoots());
      all.addAll(decoded(platform()));
      for (Certificate root : all) {
        store.setCertificateEntry("root-" + store.size(), root);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException unusable) {
      throw unusable(unusable);
    }
  }

  private List<X509Certificate> ownRoots() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    List<X509Certificate> roots = new ArrayList<>(options.roots);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager) {
        roots.addAll(List.of(((X509TrustManager) manager).getAcceptedIssuers()));
      }
    }
    return roots;
  }

  private synchronized byte[][] platform() throws IOException {
    if (platform == null) {
      platform = options.platformTrust ? loadPlatform() : new byte[0][];
    }
    return platform;
  }

  private static byte[][] loadPlatform() throws IOException {
    if (!NativeLibrary.load().isLoaded()) {
      throw new IOException(
          "The client is to trust the platform's certificates, which the native library looks up,"
              + " and that is not loaded; name certificates by trustAlso or javax.net.ssl.trustStore"
              + " instead of trustPlatform");
    }
    try {
      return NativeTransport.platformRoots();
    } catch (FermataException unusable) {
      throw new IOException(unusable.getMessage(), unusable);
    }
  }

  /**
   * Those that Java can read: one that it cannot must not cost the others, nor does it natively.
   */
  private static List<Certificate> decoded(byte[][] roots) throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<Certificate> decoded = new ArrayList<>();
    for (byte[] root : roots) {
      try {
        decoded.add(factory.generateCertificate(new ByteArrayInputStream(root)));
      } catch (CertificateException unreadable) {
        LOG.warn("A certificate that the platform trusts cannot be read", unreadable);
      }
    }
    return decoded;
  }

  private static IOException unusable(GeneralSecurityException cause) {
    return new IOException("The JVM's trusted certificates cannot be used", cause);
  }
}
