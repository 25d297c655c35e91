// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fermata.examples.triage.ModelCall.Kind;
import dev.fermata.examples.triage.NearestPrototype.Judgement;
import dev.fermata.examples.triage.Sampler.Sample;
import dev.fermata.examples.triage.TriageRun.Checkpoint;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TriagePageTest {
  private static final String SVG_NAMESPACE = "http://www.w3.org/2000/svg";

  @Test
  void needsNothingElse() throws Exception {
    String page = page("fine");

    assertThat(page.replace(SVG_NAMESPACE, ""))
        .doesNotContainPattern("(?i)https?:")
        .doesNotContainPattern("(?i)\\b(src|href)\\s*=")
        .doesNotContainPattern("(?i)@import|url\\(|fetch\\(|<link");
  }

  @Test
  void showsWhatHappened() throws Exception {
    assertThat(page("fine"))
        .contains("\"text\":\"fine\"", "\"reply\":\"sorry\"", "\"strategy\",\"handoff\"")
        .contains("\"calls\":[[0,0,1.5,301.5,1]]")
        .contains("\"checkpoints\":[[99.0,119.0,4096]]")
        .doesNotContain("__DATA__");
  }

  @Test
  void holdsATimelineForEachEngine() throws Exception {
    JsonNode data = data(page("fine"));

    assertThat(data.path("engines").findValuesAsText("title")).containsExactly("First", "Second");
    assertThat(data.path("engines"))
        .allSatisfy(engine -> assertThat(engine.path("calls")).hasSize(1))
        .allSatisfy(engine -> assertThat(engine.path("owners")).hasSize(2));
    assertThat(data.path("reviews")).hasSize(1);
    assertThat(data.path("comparison").asText())
        .isEqualTo("First and Second: the same outcome for 0 of 1 reviews");
  }

  @Test
  void reviewsCannotEndTheScript() throws Exception {
    String hostile = "</script><script>alert(1)</script><!--";

    assertThat(page(hostile).split("<script")).hasSameSizeAs(page("fine").split("<script"));
  }

  /** Two engines, of which the second judged otherwise. */
  private static String page(String text) throws Exception {
    Review review = new Review(0, "r1", -2.0, text);
    TriagePage page = new TriagePage(Map.of("input", "a file"), List.of());
    add(page, "First", TriagedReview.replied(review, new Judgement(7, -0.25), "sorry"));
    add(page, "Second", TriagedReview.judged(review, new Judgement(1, 0.25)));
    return page.html();
  }

  private static void add(TriagePage page, String title, TriagedReview result) {
    List<ModelCall> calls = List.of(new ModelCall(Kind.EMBED, 0, 1, 2_500_000, 302_500_000));
    TriageRun run =
        new TriageRun(
            List.of(result),
            1_000_000,
            400_000_000,
            calls,
            0,
            List.of(new Checkpoint(100_000_000, 120_000_000, 4096)),
            List.of(new Sample(0, 0, 0, 0)),
            9);
    page.add(
        title, List.of("one", "two"), Map.of("strategy", "handoff"), run, new Figures(run, calls));
  }

  /** What the script of a page has to draw. */
  static JsonNode data(String page) throws Exception {
    String start = "id=\"data\">";
    int from = page.indexOf(start) + start.length();
    return new ObjectMapper().readTree(page.substring(from, page.indexOf("</script>", from)));
  }
}
