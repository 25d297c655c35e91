// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A slot passes from one generation to the next while two threads look the generations up. */
@JCStressTest
@Outcome(
    id = {"0, 0", "1, 0", "0, 4294967297", "1, 4294967297"},
    expect = ACCEPTABLE)
@Outcome(expect = FORBIDDEN, desc = "an id found the object of another")
@State
public class SlotTableStress {
  private static final long FIRST = 1;
  private static final long SECOND = (1L << 32) + 1;
  private final SlotTable<Entry> table = new SlotTable<>();
  private final Entry first = new Entry(FIRST);

  /** The first generation is there. */
  public SlotTableStress() {
    table.put(first);
  }

  /** Gives the slot to the second generation. */
  @Actor
  public void reuse() {
    table.remove(first);
    table.put(new Entry(SECOND));
  }

  /** Looks both up. */
  @Actor
  public void lookUp(JJ_Result result) {
    result.r1 = idOf(table.get(FIRST));
    result.r2 = idOf(table.get(SECOND));
  }

  private static long idOf(Entry entry) {
    return entry == null ? 0 : entry.id();
  }

  private static final class Entry implements SlotTable.Slotted {
    private final long id;

    Entry(long id) {
      this.id = id;
    }

    @Override
    public long id() {
      return id;
    }
  }
}
