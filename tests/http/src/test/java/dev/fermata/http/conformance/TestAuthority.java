// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority made for one run, with the TLS contexts that need one. */
final class TestAuthority {
  private static final char[] NO_SECRET = "changeit".toCharArray();
  private static final AtomicLong SERIAL = new AtomicLong();

  private final KeyPair keys = newKeys();
  private final X500Name name = new X500Name("CN=test authority " + SERIAL.incrementAndGet());
  private final X509Certificate certificate = sign(name, keys, Duration.ofDays(1), true);

  X509Certificate certificate() {
    return certificate;
  }

  /** A context that trusts this authority alone. */
  SSLContext clientContext() {
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trustStore());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** A store that holds this authority's certificate. */
  KeyStore trustStore() {
    try {
      KeyStore store = emptyStore();
      store.setCertificateEntry("authority", certificate);
      return store;
    } catch (GeneralSecurityException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** A context for a server that shows a certificate for {@code host}. */
  SSLContext serverContext(String host, Duration validity) {
    KeyPair own = newKeys();
    return contextOf(own, sign(new X500Name("CN=" + host), own, validity, false), certificate);
  }

  /** A context for a server on localhost that shows this authority's own certificate. */
  SSLContext ownContext() {
    return contextOf(keys, certificate);
  }

  private static SSLContext contextOf(KeyPair own, Certificate... chain) {
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry("server", own.getPrivate(), NO_SECRET, chain);
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(store, NO_SECRET);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static KeyStore emptyStore() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, NO_SECRET);
      return store;
    } catch (Exception impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Valid for a time from an hour ago on; an expired one has a shorter validity. */
  private X509Certificate sign(X500Name subject, KeyPair own, Duration validity, boolean isRoot) {
    Instant begin = Instant.now().minus(Duration.ofHours(1));
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              BigInteger.valueOf(SERIAL.incrementAndGet()),
              Date.from(begin),
              Date.from(begin.plus(validity)),
              subject,
              own.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isRoot));
      String host = isRoot ? "localhost" : subject.toString().substring("CN=".length());
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, host)));
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    } catch (Exception impossible) {
      throw new AssertionError(impossible);
    }
  }
}
