// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.modelserver;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A stand-in for a chat model, which the demo can do without: it writes no text of its own. The
 * reply is an apology, the sentence of the first topic below one of whose words occurs in the
 * review, and an offer; the same review gets the same reply.
 */
final class StandInReplies {
  private static final Map<Pattern, String> TOPICS = new LinkedHashMap<>();

  static {
    topic(
        "support|service|phone|call|called|warranty|return|refund",
        "Our support should have solved this, and we will look at your case again.");
    topic(
        "broke|broken|stopped|dead|died|defective|defect|fail|failed|failure|problem|problems",
        "A device that fails like this is replaced free of charge.");
    topic(
        "sound|noise|picture|screen|image|display|quality|scratches|skips",
        "We have passed what you saw and heard on to the people who build it.");
    topic(
        "price|money|expensive|cost|costs|cheap|waste|worth",
        "You should get your money's worth, and we would like to make that right.");
    topic(
        "manual|software|setup|install|confusing|menu|menus|button|buttons|difficult|hard",
        "We will gladly walk you through it, and your remark goes into the next manual.");
    topic(
        "battery|charge|charger|power",
        "Please tell us how long it runs on one charge, so that we can check the battery.");
  }

  private static void topic(String words, String sentence) {
    TOPICS.put(Pattern.compile("\\b(" + words + ")\\b"), sentence);
  }

  private StandInReplies() {}

  static String replyTo(String review) {
    String lowerCase = review.toLowerCase(Locale.ROOT);
    String remedy =
        TOPICS.entrySet().stream()
            .filter(topic -> topic.getKey().matcher(lowerCase).find())
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse("Please tell us a little more, so that we can find out what went wrong.");
    return "Thank you for telling us, and we are sorry that we let you down. "
        + remedy
        + " Just answer this message.";
  }
}
