// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.http.ClientProcess;
import dev.fermata.http.NativeHttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whom the native client and its fallback trust by what the process was told: system properties and
 * environment variables, so each case is a process. Three servers, each of an authority of its own.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrustTest {
  private static final TestAuthority NAMED = new TestAuthority();
  private static final TestAuthority ADDED = new TestAuthority();
  private static final TestAuthority UNKNOWN = new TestAuthority();

  @TempDir static Path folder;
  private static List<KnownServer> servers;

  @BeforeAll
  static void start() {
    servers =
        List.of(NAMED, ADDED, UNKNOWN).stream().map(KnownServer::new).collect(Collectors.toList());
  }

  @AfterAll
  static void stop() {
    servers.forEach(KnownServer::close);
  }

  private static Path pem(TestAuthority authority) throws Exception {
    String text =
        Base64.getMimeEncoder(64, new byte[] {'\n'})
            .encodeToString(authority.certificate().getEncoded());
    return Files.writeString(
        Files.createTempFile(folder, "authority", ".pem"),
        "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n");
  }

  /** What comes of a request to each of the first servers natively, and then by the fallback. */
  private static List<String> outcomes(
      ClientProcess process, String platform, String added, int count) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(platform, added));
    servers.subList(0, count).forEach(server -> arguments.add(server.secure("/").toString()));
    return process.run(Asking.class, arguments.toArray(new String[0])).stream()
        .filter(line -> line.startsWith("native ") || line.startsWith("fallback "))
        .collect(Collectors.toList());
  }

  @Test
  void whoThePlatformTrustsAndWhoIsAdded() throws Exception {
    ClientProcess process = new ClientProcess().where("SSL_CERT_FILE", pem(NAMED));

    assertThat(outcomes(process, "platform", pem(ADDED).toString(), 3))
        .satisfiesExactly(
            first -> assertThat(first).isEqualTo("native 200"),
            second -> assertThat(second).isEqualTo("native 200"),
            third -> assertThat(third).startsWith("native javax.net.ssl.SSLHandshakeException"),
            first -> assertThat(first).isEqualTo("fallback 200"),
            second -> assertThat(second).isEqualTo("fallback 200"),
            third -> assertThat(third).startsWith("fallback javax.net.ssl.SSL"));
  }

  @Test
  void whatCannotBeLoadedIsNamed() throws Exception {
    Path missing = folder.resolve("missing.pem");
    ClientProcess process = new ClientProcess().where("SSL_CERT_FILE", missing);

    assertThat(outcomes(process, "platform", "", 1))
        .hasSize(2)
        .allMatch(outcome -> outcome.contains("java.io.IOException"))
        .allMatch(outcome -> outcome.contains("SSL_CERT_FILE=" + missing));
  }

  /** The platform is not asked unless the client is to. */
  @Test
  void theTrustStoreThatTheJvmIsTold() throws Exception {
    Path file = folder.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      NAMED.trustStore().store(out, "changeit".toCharArray());
    }
    ClientProcess process =
        new ClientProcess()
            .where("SSL_CERT_FILE", pem(ADDED))
            .with(
                "-Djavax.net.ssl.trustStore=" + file,
                "-Djavax.net.ssl.trustStorePassword=changeit",
                "-Djavax.net.ssl.trustStoreType=PKCS12");

    assertThat(outcomes(process, "", "", 2))
        .satisfiesExactly(
            first -> assertThat(first).isEqualTo("native 200"),
            second -> assertThat(second).startsWith("native javax.net.ssl.SSLHandshakeException"),
            first -> assertThat(first).isEqualTo("fallback 200"),
            second -> assertThat(second).startsWith("fallback javax.net.ssl.SSL"));
  }

  /** Sends a GET to each URL, natively and by the fallback, and says what came of it. */
  static final class Asking {
    private Asking() {}

    /**
     * @param arguments whether to trust the "platform"; a file of a certificate to add, or nothing;
     *     URLs
     */
    public static void main(String[] arguments) throws Exception {
      NativeHttpClient.Builder builder = NativeHttpClient.newBuilder();
      if (arguments[0].equals("platform")) {
        builder.trustPlatform();
      }
      if (!arguments[1].isEmpty()) {
        try (InputStream in = Files.newInputStream(Path.of(arguments[1]))) {
          builder.trustAlso(
              (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
      }
      List<URI> urls =
          List.of(arguments).stream().skip(2).map(URI::create).collect(Collectors.toList());
      try (NativeHttpClient client = builder.connectTimeout(Duration.ofSeconds(20)).build()) {
        for (URI url : urls) {
          System.out.println("native " + outcome(client, url, false));
        }
        require(client.fallbacks() == 0);
        for (URI url : urls) {
          System.out.println("fallback " + outcome(client, url, true));
        }
        require(client.fallbacks() == urls.size());
      }
    }

    private static String outcome(NativeHttpClient client, URI url, boolean fallBack)
        throws InterruptedException {
      HttpRequest request = HttpRequest.newBuilder(url).build();
      try {
        HttpResponse<Void> response =
            fallBack
                ? client
                    .sendAsync(request, BodyHandlers.discarding(), (initial, push, accept) -> {})
                    .get()
                : client.send(request, BodyHandlers.discarding());
        return String.valueOf(response.statusCode());
      } catch (IOException failed) {
        return failed.toString();
      } catch (ExecutionException failed) {
        return failed.getCause().toString();
      }
    }

    private static void require(boolean condition) {
      if (!condition) {
        throw new AssertionError("requests went another way");
      }
    }
  }
}
