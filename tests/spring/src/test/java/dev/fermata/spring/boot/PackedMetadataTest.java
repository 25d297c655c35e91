// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;

/** What the packed jar tells Spring Boot and editors. */
class PackedMetadataTest {
  @Test
  void namesEveryPropertyAndDescribesIt() throws Exception {
    List<String> names = new ArrayList<>();
    for (JsonNode property : metadata().get("properties")) {
      String name = property.get("name").asText();
      if (name.startsWith("management.endpoint.fermata.")) {
        continue; // Spring Boot's own, of every endpoint
      }
      names.add(name);
      assertThat(property.path("description").asText()).as(name).endsWith(".");
      assertThat(property.path("type").asText()).as(name).isNotBlank();
    }

    assertThat(names)
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(
                    "enabled",
                    "tasks",
                    "concurrency",
                    "queue-capacity",
                    "keep-alive",
                    "max-actions",
                    "loops",
                    "thread-name-prefix",
                    "shutdown.await-termination",
                    "shutdown.await-termination-period",
                    "executors")
                .map("spring.fermata."::concat)
                .toList());
  }

  @Test
  void tellsTheDefaults() throws Exception {
    for (JsonNode property : metadata().get("properties")) {
      switch (property.get("name").asText()) {
        case "spring.fermata.enabled" -> assertDefault(property, "true");
        case "spring.fermata.tasks" -> assertDefault(property, "call");
        case "spring.fermata.concurrency" -> assertDefault(property, "256");
        case "spring.fermata.queue-capacity" -> assertDefault(property, "65536");
        case "spring.fermata.keep-alive" -> assertDefault(property, "30s");
        case "spring.fermata.max-actions" -> assertDefault(property, "10000");
        default -> {}
      }
    }
  }

  private static void assertDefault(JsonNode property, String value) {
    assertThat(property.get("defaultValue").asText())
        .as(property.get("name").asText())
        .isEqualTo(value);
  }

  @Test
  void saysWhatTheModesOfTasksMean() throws Exception {
    JsonNode hint = metadata().get("hints").get(0);

    assertThat(hint.get("name").asText()).isEqualTo("spring.fermata.tasks");
    assertThat(hint.get("values").findValuesAsText("value")).containsExactly("call", "action");
  }

  @Test
  void listsTheAutoConfigurations() {
    assertThat(ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader()))
        .contains(
            FermataAutoConfiguration.class.getName(),
            FermataEndpointAutoConfiguration.class.getName(),
            FermataMetricsAutoConfiguration.class.getName());
  }

  /** That of this module alone: every jar of Spring Boot has one. */
  private JsonNode metadata() throws Exception {
    for (URL url :
        Collections.list(
            getClass()
                .getClassLoader()
                .getResources("META-INF/spring-configuration-metadata.json"))) {
      try (InputStream in = url.openStream()) {
        JsonNode metadata = new ObjectMapper().readTree(in);
        if (metadata.toString().contains("spring.fermata")) {
          return metadata;
        }
      }
    }
    throw new AssertionError("No jar on the class path has metadata of spring.fermata");
  }
}
