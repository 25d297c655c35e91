// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.OwnerKind;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.function.ObjDoubleConsumer;

/**
 * What a call costs beside the same call of other pools, in one process and in turns: in each round
 * every contender gets one block of calls, and the report compares blocks of the same round. The
 * kernel's wake-ups, which are most of a round trip, drift over seconds and between processes; over
 * one round they are alike. They also depend on which core the kernel gave to which thread, and
 * threads keep that for long: so every sitting begins with new threads.
 *
 * <pre>
 * RoundTrips idle SITTINGS      one call at a time, threads parked before; us, median of a block
 * RoundTrips waiting SITTINGS   the same with calls that block their worker, so that all park
 * RoundTrips busy SITTINGS      1,000 calls in flight, so that wake-ups are shared; us per call
 * </pre>
 */
public final class RoundTrips {
  private static final int THREADS = 2;
  private static final int SINGLE_ROUNDS = 20;
  private static final int BUSY_ROUNDS = 5;

  /** Longer than an action or a caller of a pool needs to park. */
  private static final long WAIT_NANOS = 50_000;

  private RoundTrips() {}

  public static void main(String[] args) throws Exception {
    boolean single = !args[0].equals("busy");
    Answers answers = new Answers(args[0].equals("waiting") ? WAIT_NANOS : 0);
    int sittings = Integer.parseInt(args[1]);
    int rounds = single ? SINGLE_ROUNDS : BUSY_ROUNDS;
    sit(single, answers, 2 * rounds, (contender, micros) -> {});
    for (int i = 0; i < sittings; i++) {
      sit(
          single,
          answers,
          rounds,
          (contender, micros) -> Samples.print(args[0], contender.name(), micros));
    }
  }

  private static void sit(
      boolean single, Answers answers, int rounds, ObjDoubleConsumer<Contender> measured)
      throws Exception {
    List<Contender> contenders = single ? singleContenders(answers) : busyContenders(answers);
    // The first round starts the threads.
    for (int round = 0; round <= rounds; round++) {
      for (int i = 0; i < contenders.size(); i++) {
        Contender contender = contenders.get((i + Math.max(0, round - 1)) % contenders.size());
        double micros = contender.measure();
        if (round > 0) {
          measured.accept(contender, micros);
        }
      }
    }
    for (Contender contender : contenders) {
      contender.close();
    }
  }

  private static List<Contender> singleContenders(Answers answers) throws Exception {
    List<Contender> contenders = new ArrayList<>(pools(true, answers));
    // The same contender twice: how far apart they are is what this method cannot tell apart.
    contenders.add(
        new PoolCalls(
            "newFixedThreadPool again", Executors.newFixedThreadPool(THREADS), true, answers));
    for (OwnerKind kind : Owners.kinds().values()) {
      contenders.add(new FermataCalls(executor(kind), answers));
      contenders.add(new FermataActions(executor(kind), true, answers));
    }
    contenders.add(new LoopCalls(ActionLoop.builder().asyncThreads(THREADS).build(), answers));
    return contenders;
  }

  private static List<Contender> busyContenders(Answers answers) throws Exception {
    List<Contender> contenders = new ArrayList<>(pools(false, answers));
    for (OwnerKind kind : Owners.kinds().values()) {
      contenders.add(new FermataActions(executor(kind), false, answers));
    }
    return contenders;
  }

  private static List<Contender> pools(boolean single, Answers answers) {
    List<Contender> pools = new ArrayList<>();
    pools.add(
        new PoolCalls(
            "newFixedThreadPool", Executors.newFixedThreadPool(THREADS), single, answers));
    pools.add(new PoolCalls("ForkJoinPool", new ForkJoinPool(THREADS), single, answers));
    ExecutorService virtual = virtualThreads();
    if (virtual != null) {
      pools.add(new PoolCalls("virtual threads", virtual, single, answers));
    }
    return pools;
  }

  private static ContinuationActionExecutor executor(OwnerKind kind) {
    return ContinuationActionExecutor.builder().ownerKind(kind).asyncThreads(THREADS).build();
  }

  /** By reflection, as this class is compiled for Java 11; null before Java 21. */
  private static ExecutorService virtualThreads() {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (NoSuchMethodException olderJava) {
      return null;
    } catch (IllegalAccessException | InvocationTargetException unexpected) {
      throw new IllegalStateException(unexpected);
    }
  }
}
