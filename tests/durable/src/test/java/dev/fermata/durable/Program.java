// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A made-up action: what it asks for depends on its seed alone, and so does what its calls answer.
 * What chance, time or the order of events decide is put down apart, with its place.
 */
final class Program {
  private static final int STEPS = 14;

  private final long seed;

  Program(long seed) {
    this.seed = seed;
  }

  /** One run of it. */
  final class Run implements DurableBody<String> {
    /** Places of the calls that were made, each time that they were. */
    final Queue<Long> made = new ConcurrentLinkedQueue<>();

    /** What the program saw of chance, time and order, by place. */
    final Map<Long, String> learnt = new LinkedHashMap<>();

    private final Random choices = new Random(seed);
    private final StringBuilder output = new StringBuilder();
    private final List<DurableCall<String>> open = new ArrayList<>();
    private long place;
    private boolean seeded;

    @Override
    public String run(DurableContext context) throws Exception {
      for (int i = 0; i < STEPS; i++) {
        step(context);
      }
      for (DurableCall<String> call : open) {
        put(context, call);
      }
      return output.toString();
    }

    private void step(DurableContext context) throws Exception {
      switch (choices.nextInt(9)) {
        case 0:
          put(context, begin(context));
          break;
        case 1:
        case 2:
          open.add(begin(context));
          break;
        case 3:
          if (!open.isEmpty()) {
            put(context, open.remove(choices.nextInt(open.size())));
          }
          break;
        case 4:
          try {
            output.append(context.all(open)).append('\n');
          } catch (IOException failed) {
            output.append(failed.getMessage()).append('\n');
          }
          open.clear();
          break;
        case 5:
          if (!open.isEmpty()) {
            learn(context.any(open).name());
          }
          break;
        case 6:
          learn(context.now().toString());
          break;
        case 7:
          long number = context.random().nextLong();
          if (!seeded) {
            seeded = true;
            learn(String.valueOf(number));
          }
          break;
        default:
          // Over at the clock's next look.
          context.sleep(Duration.ofNanos(1));
          place++;
          break;
      }
    }

    private void learn(String text) {
      learnt.put(place++, text);
    }

    private DurableCall<String> begin(DurableContext context) throws Exception {
      long at = place++;
      boolean fails = choices.nextInt(4) == 0;
      String answer = "answer " + choices.nextInt(1_000);
      if (choices.nextBoolean()) {
        return context.callAsync(
            "call " + at, String.class, () -> answer(at, fails, answer), at, answer);
      }
      return context.callStage(
          "stage " + at,
          String.class,
          () -> {
            try {
              return CompletableFuture.completedFuture(answer(at, fails, answer));
            } catch (IOException failed) {
              return CompletableFuture.failedFuture(failed);
            }
          },
          at,
          answer);
    }

    private String answer(long at, boolean fails, String answer) throws IOException {
      made.add(at);
      if (fails) {
        throw new IOException(answer);
      }
      return answer;
    }

    private void put(DurableContext context, DurableCall<String> call) throws Exception {
      try {
        output.append(context.await(call)).append('\n');
      } catch (IOException failed) {
        output.append("failed: ").append(failed.getMessage()).append('\n');
      }
    }
  }

  /** Places whose outcome or value is in these records. */
  static Set<Long> known(List<JournalRecord> records) {
    Set<Long> places = ConcurrentHashMap.newKeySet();
    for (JournalRecord record : records) {
      if (record instanceof JournalRecord.CallFinished) {
        places.add(((JournalRecord.CallFinished) record).place());
      } else if (record instanceof JournalRecord.ValueRecorded) {
        places.add(((JournalRecord.ValueRecorded) record).place());
      }
    }
    return places;
  }
}
