// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The credentials that servers and proxies have accepted from one client: sent unasked to the
 * folder they were accepted for and all below it. Thread-safe.
 */
final class Credentials {
  private final List<Entry> entries = new ArrayList<>();

  /** The value of the Authorization header for Basic authentication. */
  static String basic(PasswordAuthentication user, Charset charset) {
    String pair = user.getUserName() + ":" + String.valueOf(user.getPassword());
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(charset));
  }

  synchronized String forServer(URI uri) {
    return find("server", folder(uri));
  }

  synchronized String forProxy(InetSocketAddress proxy, boolean tunnel) {
    return find(proxyKind(tunnel), proxy.toString());
  }

  private String find(String kind, String place) {
    for (Entry entry : entries) {
      if (entry.kind.equals(kind) && place.startsWith(entry.place)) {
        return entry.header;
      }
    }
    return null;
  }

  synchronized void putServer(URI uri, String header) {
    put("server", folder(uri), header);
  }

  synchronized void putProxy(InetSocketAddress proxy, boolean tunnel, String header) {
    put(proxyKind(tunnel), proxy.toString(), header);
  }

  private void put(String kind, String place, String header) {
    entries.removeIf(entry -> entry.kind.equals(kind) && place.startsWith(entry.place));
    entries.add(new Entry(kind, place, header));
  }

  /** Forgets what a server or proxy did not accept any more. */
  synchronized void remove(String header) {
    entries.removeIf(entry -> entry.header.equals(header));
  }

  private static String proxyKind(boolean tunnel) {
    return tunnel ? "tunnel" : "proxy";
  }

  private static String folder(URI uri) {
    String path = uri.getRawPath();
    String root = uri.getScheme() + "://" + uri.getRawAuthority();
    return root + (path.isEmpty() ? "/" : path.substring(0, path.lastIndexOf('/') + 1));
  }

  private static final class Entry {
    final String kind;
    final String place;
    final String header;

    Entry(String kind, String place, String header) {
      this.kind = kind;
      this.place = place;
      this.header = header;
    }
  }
}
