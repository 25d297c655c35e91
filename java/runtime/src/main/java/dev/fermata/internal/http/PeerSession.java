// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;

/**
 * What is known of the TLS session that a response came over: protocol, cipher suite and the
 * server's certificates. It has no id and no context, for the sessions are not the JDK's.
 */
final class PeerSession implements SSLSession {
  /** The most that a TLS record carries, and with its header. */
  private static final int RECORD = 16_384;

  private static final int PACKET = RECORD + 5 + 256;

  private final String protocol;
  private final String cipherSuite;
  private final byte[][] chain;
  private final URI peer;
  private final long created = System.currentTimeMillis();
  private final Map<String, Object> values = new HashMap<>();

  /**
   * @param told protocol and cipher suite, each behind its length in two bytes, the number of
   *     certificates in four, and each of them behind its length in four
   */
  PeerSession(byte[] told, URI peer) {
    ByteBuffer in = ByteBuffer.wrap(told);
    protocol = text(in);
    cipherSuite = text(in);
    chain = new byte[in.getInt()][];
    for (int i = 0; i < chain.length; i++) {
      chain[i] = new byte[in.getInt()];
      in.get(chain[i]);
    }
    this.peer = peer;
  }

  private static String text(ByteBuffer in) {
    byte[] text = new byte[in.getShort()];
    in.get(text);
    return new String(text, StandardCharsets.US_ASCII);
  }

  @Override
  public Certificate[] getPeerCertificates() throws SSLPeerUnverifiedException {
    Certificate[] certificates = new X509Certificate[chain.length];
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (int i = 0; i < chain.length; i++) {
        certificates[i] = factory.generateCertificate(new ByteArrayInputStream(chain[i]));
      }
    } catch (CertificateException unreadable) {
      SSLPeerUnverifiedException thrown =
          new SSLPeerUnverifiedException("The server's certificates cannot be read");
      thrown.initCause(unreadable);
      throw thrown;
    }
    return certificates;
  }

  @Override
  @Deprecated
  @SuppressWarnings("removal")
  public javax.security.cert.X509Certificate[] getPeerCertificateChain() {
    throw new UnsupportedOperationException("use getPeerCertificates");
  }

  @Override
  public Principal getPeerPrincipal() throws SSLPeerUnverifiedException {
    return ((X509Certificate) getPeerCertificates()[0]).getSubjectX500Principal();
  }

  @Override
  public byte[] getId() {
    return new byte[0];
  }

  @Override
  public SSLSessionContext getSessionContext() {
    return null;
  }

  @Override
  public long getCreationTime() {
    return created;
  }

  @Override
  public long getLastAccessedTime() {
    return created;
  }

  @Override
  public void invalidate() {
    // Sessions are not resumed by this object.
  }

  @Override
  public boolean isValid() {
    return true;
  }

  @Override
  public synchronized void putValue(String name, Object value) {
    values.put(name, value);
  }

  @Override
  public synchronized Object getValue(String name) {
    return values.get(name);
  }

  @Override
  public synchronized void removeValue(String name) {
    values.remove(name);
  }

  @Override
  public synchronized String[] getValueNames() {
    return values.keySet().toArray(new String[0]);
  }

  @Override
  public Certificate[] getLocalCertificates() {
    return null;
  }

  @Override
  public Principal getLocalPrincipal() {
    return null;
  }

  @Override
  public String getCipherSuite() {
    return cipherSuite;
  }

  @Override
  public String getProtocol() {
    return protocol;
  }

  @Override
  public String getPeerHost() {
    return peer.getHost();
  }

  @Override
  public int getPeerPort() {
    return peer.getPort() < 0 ? 443 : peer.getPort();
  }

  @Override
  public int getPacketBufferSize() {
    return PACKET;
  }

  @Override
  public int getApplicationBufferSize() {
    return RECORD;
  }
}
