// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import javax.net.ssl.SSLParameters;

/** Keeps {@link SSLParameters}, which anybody who has them can change, from being shared. */
final class SslParameterCopy {
  private SslParameterCopy() {}

  static SSLParameters of(SSLParameters given) {
    SSLParameters copy = new SSLParameters(given.getCipherSuites(), given.getProtocols());
    copy.setAlgorithmConstraints(given.getAlgorithmConstraints());
    copy.setApplicationProtocols(given.getApplicationProtocols());
    copy.setEnableRetransmissions(given.getEnableRetransmissions());
    copy.setEndpointIdentificationAlgorithm(given.getEndpointIdentificationAlgorithm());
    copy.setMaximumPacketSize(given.getMaximumPacketSize());
    copy.setServerNames(given.getServerNames());
    copy.setSNIMatchers(given.getSNIMatchers());
    copy.setUseCipherSuitesOrder(given.getUseCipherSuitesOrder());
    if (given.getNeedClientAuth()) {
      copy.setNeedClientAuth(true);
    } else {
      copy.setWantClientAuth(given.getWantClientAuth());
    }
    return copy;
  }
}
