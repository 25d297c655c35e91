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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Runs of the same reviews by one or several engines as one HTML page that needs nothing else: no
 * network, no other file. Not thread-safe.
 */
final class TriagePage {
  private static final String TEMPLATE = "triage-page.html";
  private static final String DATA = "__DATA__";
  private static final int BAD_LINES = 20;

  private final ObjectMapper json = new ObjectMapper();
  private final ObjectNode data = json.createObjectNode();
  private final ArrayNode engines = data.putArray("engines");
  private final List<String> titles = new ArrayList<>();
  private List<TriagedReview> results;

  /**
   * @param conditions of all runs, by name, to be shown with them
   */
  TriagePage(Map<String, String> conditions, List<BadLine> badLines) {
    data.put("badLineCount", badLines.size());
    ArrayNode badLineTexts = data.putArray("badLines");
    badLines.stream().limit(BAD_LINES).forEach(line -> badLineTexts.add(line.toString()));
    addAll(data.putArray("conditions"), conditions);
    ArrayNode prototypes = data.putArray("prototypes");
    NearestPrototype.sentences().forEach(prototypes::add);
  }

  /**
   * Adds the run of an engine. What became of the reviews is shown from the first one.
   *
   * @param title of the engine
   * @param ownerNames of the engine's owners, by their index
   * @param conditions of this run, by name
   */
  void add(
      String title,
      List<String> ownerNames,
      Map<String, String> conditions,
      TriageRun run,
      Figures figures) {
    titles.add(title);
    if (results == null) {
      results = run.results;
      ArrayNode reviews = data.putArray("reviews");
      results.forEach(result -> add(reviews.addObject(), result));
    } else {
      data.put(
          "comparison",
          String.format(
              Locale.ROOT,
              "%s: the same outcome for %,d of %,d reviews",
              String.join(" and ", titles),
              TriagedReview.alike(results, run.results),
              results.size()));
    }
    ObjectNode row = engines.addObject().put("title", title);
    ArrayNode owners = row.putArray("owners");
    ownerNames.forEach(owners::add);
    addAll(row.putArray("conditions"), conditions);
    row.put("wallMillis", Durations.millis(figures.wallTime));
    row.put("sequentialMillis", Durations.millis(figures.sequentialTime));
    row.put("wallTime", Durations.text(figures.wallTime));
    row.put("sequentialTime", Durations.text(figures.sequentialTime));
    ArrayNode rows = row.putArray("rows");
    for (Report.Row figure : new Report(figures).rows()) {
      rows.addArray().add(figure.label).add(figure.value).add(figure.remark);
    }
    ArrayNode calls = row.putArray("calls");
    for (ModelCall call : run.calls) {
      calls
          .addArray()
          .add(call.kind().ordinal())
          .add(call.review())
          .add(sinceStart(run, call.start()))
          .add(sinceStart(run, call.end()))
          .add(call.owner());
    }
    ArrayNode checkpoints = row.putArray("checkpoints");
    for (TriageRun.Checkpoint checkpoint : run.checkpoints) {
      checkpoints
          .addArray()
          .add(sinceStart(run, checkpoint.start))
          .add(sinceStart(run, checkpoint.end))
          .add(checkpoint.bytes);
    }
  }

  /** How far the engines came to the same results; empty if there is but one. */
  Optional<String> comparison() {
    return Optional.ofNullable(data.path("comparison").textValue());
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

  private static void addAll(ArrayNode rows, Map<String, String> texts) {
    texts.forEach((name, value) -> rows.addArray().add(name).add(value));
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

  private static double sinceStart(TriageRun run, long time) {
    return hundredths(Durations.millis(time - run.start));
  }

  private static double hundredths(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
