// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.examples.triage.ModelCall.Kind;
import dev.fermata.examples.triage.NearestPrototype.Judgement;
import dev.fermata.examples.triage.OwnerCpu.Sample;
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
        .contains("\"calls\":[[0,0,1.5,301.5]]")
        .doesNotContain("__DATA__");
  }

  @Test
  void reviewsCannotEndTheScript() throws Exception {
    String hostile = "</script><script>alert(1)</script><!--";

    assertThat(page(hostile).split("<script")).hasSameSizeAs(page("fine").split("<script"));
  }

  private static String page(String text) throws Exception {
    Review review = new Review("r1", -2.0, text);
    List<TriagedReview> results =
        List.of(TriagedReview.replied(review, new Judgement(7, -0.25), "sorry"));
    List<ModelCall> calls = List.of(new ModelCall(Kind.EMBED, 0, 2_500_000, 302_500_000));
    Figures figures =
        new Figures(results, 1_000_000, 400_000_000, calls, calls, List.of(new Sample(0, 0)));
    return new TriagePage(
            figures, results, calls, 1_000_000, Map.of("strategy", "handoff"), List.of())
        .html();
  }
}
