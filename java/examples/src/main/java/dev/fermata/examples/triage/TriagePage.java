// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fermata.examples.triage.ReviewInput.BadLine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A run as one HTML page that needs nothing else: no network, no other file. */
final class TriagePage {
  private static final String TEMPLATE = "triage-page.html";
  private static final String DATA = "__DATA__";
  private static final int BAD_LINES = 20;

  private final ObjectMapper json = new ObjectMapper();
  private final ObjectNode data = json.createObjectNode();

  /**
   * @param runStart of the run, in nanoseconds like the calls
   * @param conditions of the run, by name, to be shown with it
   */
  TriagePage(
      Figures figures,
      List<TriagedReview> results,
      List<ModelCall> calls,
      long runStart,
      Map<String, String> conditions,
      List<BadLine> badLines) {
    data.put("wallMillis", Durations.millis(figures.wallTime));
    data.put("sequentialMillis", Durations.millis(figures.sequentialTime));
    data.put("wallTime", Durations.text(figures.wallTime));
    data.put("sequentialTime", Durations.text(figures.sequentialTime));
    data.put("badLineCount", badLines.size());
    ArrayNode rows = data.putArray("rows");
    for (Report.Row row : new Report(figures).rows()) {
      rows.addArray().add(row.label).add(row.value).add(row.remark);
    }
    ArrayNode conditionRows = data.putArray("conditions");
    conditions.forEach((name, value) -> conditionRows.addArray().add(name).add(value));
    ArrayNode badLineTexts = data.putArray("badLines");
    badLines.stream().limit(BAD_LINES).forEach(line -> badLineTexts.add(line.toString()));
    ArrayNode prototypes = data.putArray("prototypes");
    NearestPrototype.sentences().forEach(prototypes::add);
    ArrayNode reviews = data.putArray("reviews");
    results.forEach(result -> add(reviews.addObject(), result));
    ArrayNode callRows = data.putArray("calls");
    for (ModelCall call : calls) {
      callRows
          .addArray()
          .add(call.kind().ordinal())
          .add(call.review())
          .add(hundredths(Durations.millis(call.start() - runStart)))
          .add(hundredths(Durations.millis(call.end() - runStart)));
    }
  }

  /** The page. */
  String html() throws IOException {
    try (InputStream template = TriagePage.class.getResourceAsStream(TEMPLATE)) {
      if (template == null) {
        throw new IOException(TEMPLATE + " is missing from the jar of the demo");
      }
      String page = new String(template.readAllBytes(), StandardCharsets.UTF_8);
      // Inside <script> no text may look like a tag: reviews are anybody's text.
      return page.replace(DATA, json.writeValueAsString(data).replace("<", "\\u003c"));
    }
  }

  private static void add(ObjectNode row, TriagedReview result) {
    row.put("id", result.review().id()).put("text", result.review().text());
    result.review().rating().ifPresent(rating -> row.put("rating", rating));
    result
        .judgement()
        .ifPresent(
            judgement ->
                row.put("positive", judgement.positive())
                    .put("margin", hundredths(judgement.margin()))
                    .put("nearest", judgement.nearest()));
    result.reply().ifPresent(reply -> row.put("reply", reply));
    result.failure().ifPresent(failure -> row.put("failure", failure));
  }

  private static double hundredths(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
