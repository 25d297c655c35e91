// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.continuation.Speculation;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QuoteTest {
  private static final String REGION = "region of Ada";
  private static final String CARRIER = "carrier in north";
  private static final String PRICE = "price of Sleigh";
  private static final Map<String, String> YESTERDAY =
      Map.of(REGION, "north", CARRIER, "Sleigh", PRICE, "17");

  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
  private final Map<String, CompletableFuture<String>> answers = new ConcurrentHashMap<>();

  @BeforeEach
  void emptyBooks() {
    Quote.Books.clear();
  }

  @Test
  void allLookupsAreUnderWayBeforeTheFirstIsAnswered() throws Exception {
    Speculation<String, String> speculation = Quote.quoting(this::ask, YESTERDAY);
    CompletableFuture<String> quote = speculation.compute(store -> Quote.quote(store, "Ada"));

    assertThat(List.of(next(), next(), next())).containsExactly(REGION, CARRIER, PRICE);
    answers.get(PRICE).complete("17");
    answers.get(CARRIER).complete("Sleigh");
    assertThat(Quote.Books.entries()).as("as long as a guess is open").isEmpty();
    answers.get(REGION).complete("north");

    assertThat(quote.get(1, TimeUnit.MINUTES)).isEqualTo("Ada pays 17 to Sleigh (entry 1)");
    assertThat(speculation.guessesConfirmed())
        .as("two, without which the third question had not been asked, and perhaps its own")
        .isBetween(2L, 3L);
    assertThat(asked).isEmpty();
  }

  @Test
  void aWrongGuessChangesNothingButTheTime() throws Exception {
    Speculation<String, String> speculation =
        Quote.quoting(this::ask, Map.of(REGION, "south", CARRIER, "Sleigh"));
    CompletableFuture<String> quote = speculation.compute(store -> Quote.quote(store, "Ada"));

    assertThat(List.of(next(), next())).containsExactly(REGION, "carrier in south");
    answers.get(REGION).complete("north");
    assertThat(List.of(next(), next())).containsExactly(CARRIER, PRICE);
    answers.get(CARRIER).complete("Sleigh");
    answers.get(PRICE).complete("18");

    assertThat(quote.get(1, TimeUnit.MINUTES)).isEqualTo("Ada pays 18 to Sleigh (entry 1)");
    assertThat(Quote.Books.entries()).containsExactly("Ada pays 18 to Sleigh");
    assertThat(speculation.guessesTried()).isEqualTo(2);
    assertThat(speculation.guessesConfirmed()).isEqualTo(1);
  }

  @Test
  void theCommandGetsTheSameQuoteHoweverItGuesses() throws Exception {
    assertThat(new ExampleJvm().run(Quote.class, "1"))
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).contains(": Ada pays 17 to Sleigh & Sons (entry "));
  }

  private CompletableFuture<String> ask(String question) {
    CompletableFuture<String> answer = new CompletableFuture<>();
    answers.put(question, answer);
    asked.add(question);
    return answer;
  }

  private String next() throws InterruptedException {
    return asked.poll(1, TimeUnit.MINUTES);
  }
}
