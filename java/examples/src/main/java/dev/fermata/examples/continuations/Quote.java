// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.Speculation;
import dev.fermata.continuation.SuspendCapability;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A quote by three lookups in a slow store, each of which needs the answer before. What the store
 * said yesterday is guessed meanwhile: if it still holds, the three wait together and not one after
 * another; if not, the quote is the same and takes longer.
 *
 * <pre>Quote 200     with a store that takes 200 ms for each answer</pre>
 */
public final class Quote {
  private static final Map<String, String> STORE =
      Map.of(
          "region of Ada", "north",
          "carrier in north", "Sleigh & Sons",
          "price of Sleigh & Sons", "17");

  private Quote() {}

  public static void main(String[] args) {
    if (!Continuation.isSupported()) {
      throw new UnsupportedOperationException("There are no continuations here");
    }
    Executor afterDelay =
        CompletableFuture.delayedExecutor(Long.parseLong(args[0]), TimeUnit.MILLISECONDS);
    Function<String, CompletionStage<String>> store =
        question -> CompletableFuture.supplyAsync(() -> STORE.get(question), afterDelay);
    print("asking", quoting(store, Map.of()));
    print("guessing right", quoting(store, STORE));
    print("guessing wrong", quoting(store, Map.of("region of Ada", "south")));
  }

  private static void print(String how, Speculation<String, String> speculation) {
    long start = System.nanoTime();
    String quote = speculation.compute(capability -> quote(capability, "Ada")).join();
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    System.out.printf("%s: %s after %d ms%n", how, quote, millis);
  }

  /**
   * Looks up in a store.
   *
   * @param yesterday what it said to some questions the day before
   */
  static Speculation<String, String> quoting(
      Function<String, CompletionStage<String>> store, Map<String, String> yesterday) {
    return Speculation.<String, String>over(store)
        .guesses(
            question ->
                yesterday.containsKey(question) ? List.of(yesterday.get(question)) : List.of())
        .maxBranches(8)
        .build();
  }

  /** The quote for a customer, once it is in the books. */
  static String quote(SuspendCapability store, String customer) {
    String region = store.suspend("region of " + customer);
    String carrier = store.suspend("carrier in " + region);
    String price = store.suspend("price of " + carrier);
    String quote = customer + " pays " + price + " to " + carrier;
    // An effect: it waits until what it rests on is known to be right.
    return store.once(() -> Books.enter(quote));
  }

  /** Where quotes are kept. */
  static final class Books {
    private static final List<String> ENTRIES = new CopyOnWriteArrayList<>();

    private Books() {}

    static String enter(String quote) {
      ENTRIES.add(quote);
      return quote + " (entry " + ENTRIES.size() + ")";
    }

    static List<String> entries() {
      return List.copyOf(ENTRIES);
    }

    static void clear() {
      ENTRIES.clear();
    }
  }
}
