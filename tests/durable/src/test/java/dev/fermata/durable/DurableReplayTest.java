// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Actions that are run again over what an earlier run left: wherever that was cut off. */
class DurableReplayTest extends UnderEachStrategy {
  private static final int PROGRAMS = 24 / Integer.getInteger("fermata.test.divisor", 1);

  @BeforeEach
  void useATickingClock() {
    rig.with(builder -> builder.clock(new Ticking()));
  }

  /** Whatever a crash leaves is a prefix of what was written: that is what a journal promises. */
  @Test
  void fromEachPrefixOfItsRecordAProgramGoesOnAsIfNothingHadBeen() {
    for (long seed = 0; seed < PROGRAMS; seed++) {
      Program program = new Program(seed);
      rig.restart(new RecordList());
      Program.Run straight = program.new Run();
      String output = rig.run("program", straight);
      List<JournalRecord> records = rig.journal.acknowledged();
      assertThat(records.remove(records.size() - 1)).isInstanceOf(ActionFinished.class);

      for (int cut = 0; cut <= records.size(); cut++) {
        List<JournalRecord> prefix = records.subList(0, cut);
        rig.restart(RecordList.of(prefix));
        Program.Run again = program.new Run();

        String replayed = rig.run("program", again);

        String where = "seed " + seed + ", cut after " + cut + " of " + records;
        Set<Long> known = Program.known(prefix);
        assertThat(replayed).as(where).isEqualTo(output);
        assertThat(again.made).as(where).noneMatch(known::contains);
        assertThat(again.made).as(where).doesNotHaveDuplicates();
        for (Map.Entry<Long, String> learnt : straight.learnt.entrySet()) {
          if (known.contains(learnt.getKey())) {
            assertThat(again.learnt).as(where).containsEntry(learnt.getKey(), learnt.getValue());
          }
        }
        assertThat(rig.journal.records("program")).as(where).isEmpty();
      }
    }
  }

  /** As above, one failure after the other: each run gets a little further. */
  @Test
  void aProgramThatIsCutOffAgainAndAgainEndsAndMakesEachRecordedCallOnce() {
    for (long seed = 0; seed < PROGRAMS; seed++) {
      Program program = new Program(seed);
      rig.restart(new RecordList());
      String output = rig.run("program", program.new Run());
      int length = rig.journal.acknowledged().size() - 1;
      List<JournalRecord> left = new ArrayList<>();
      for (int cut = 0; cut <= length; cut++) {
        rig.restart(RecordList.of(left));
        Program.Run again = program.new Run();

        assertThat(rig.run("program", again)).isEqualTo(output);

        assertThat(again.made).noneMatch(Program.known(left)::contains);
        List<JournalRecord> written = rig.journal.acknowledged();
        left = new ArrayList<>(written.subList(0, Math.min(left.size() + 1, written.size() - 1)));
      }
    }
  }

  @Test
  void aRunKnowsWhetherItRepeatsAnother() {
    DurableBody<List<Boolean>> body =
        context -> {
          List<Boolean> replaying = new ArrayList<>();
          replaying.add(context.isReplaying());
          context.call("first", String.class, () -> "1");
          replaying.add(context.isReplaying());
          context.now();
          replaying.add(context.isReplaying());
          context.call("second", String.class, () -> "2");
          replaying.add(context.isReplaying());
          return replaying;
        };
    assertThat(rig.run("action", body)).containsExactly(false, false, false, false);
    List<JournalRecord> records = rig.journal.acknowledged();

    rig.restart(RecordList.of(records.subList(0, 4)));

    assertThat(rig.run("action", body)).containsExactly(true, true, false, false);
  }

  @Test
  void aSleepThatWasBegunSleepsForWhatIsLeft() {
    AtomicLong nanos = new AtomicLong(1_000);
    AtomicInteger slept = new AtomicInteger();
    rig.with(builder -> builder.clock(new Ticking(nanos)));
    DurableBody<Integer> body =
        context -> {
          context.sleep(Duration.ofDays(1));
          return slept.incrementAndGet();
        };
    rig.start("sleeper", body);
    Rig.until(
        "the sleep is recorded",
        () -> !rig.journal.acknowledged(JournalRecord.ValueRecorded.class).isEmpty());
    JournalRecord.ValueRecorded recorded =
        rig.journal.acknowledged(JournalRecord.ValueRecorded.class).get(0);
    assertThat(recorded.kind()).isEqualTo(JournalRecord.ValueRecorded.Kind.SLEEP);
    assertThat(recorded.value()).isEqualTo(1_000 + Duration.ofDays(1).toNanos());

    nanos.set(recorded.value() + 1);

    try (Rig later = new Rig(strategy).with(builder -> builder.clock(new Ticking(nanos)))) {
      later.restart(RecordList.of(rig.journal.acknowledged()));
      assertThat(later.run("sleeper", body)).isEqualTo(1);
    }
  }

  @Test
  void theTimeIsTheOneOfTheFirstRun() {
    Instant first = rig.run("clock", DurableContext::now);
    List<JournalRecord> records = rig.journal.acknowledged();

    rig.restart(RecordList.of(records.subList(0, 2)));

    assertThat(rig.run("clock", DurableContext::now)).isEqualTo(first);
  }

  /** Each look is a nanosecond later than the one before. */
  private static final class Ticking extends Clock {
    private final AtomicLong nanos;

    Ticking() {
      this(new AtomicLong(1_700_000_000_000_000_000L));
    }

    Ticking(AtomicLong nanos) {
      this.nanos = nanos;
    }

    @Override
    public Instant instant() {
      return Instant.EPOCH.plusNanos(nanos.getAndIncrement());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }
}
