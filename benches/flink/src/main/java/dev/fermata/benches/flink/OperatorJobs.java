// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.flink;

import dev.fermata.flink.DurableContext;
import dev.fermata.flink.DurableFunction;
import dev.fermata.flink.DurableOptions;
import dev.fermata.flink.Fermata;
import java.util.Collections;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.apache.flink.util.Collector;

/**
 * Jobs with one call for each element, by Fermata's keyed operator or by Flink's own asynchronous
 * I/O, which knows no keys and makes calls anew after a failure. As many elements may be in flight
 * as there are threads.
 */
public final class OperatorJobs {
  private OperatorJobs() {}

  /**
   * Runs the jobs and prints what was measured.
   *
   * @param args {@code fermata} or {@code async-io}, and more as {@link Jobs} says
   * @throws Exception if a job fails
   */
  public static void main(String[] args) throws Exception {
    boolean fermata = args[0].equals("fermata");
    Jobs.run(
        "operators",
        args,
        (environment, input, threads) ->
            fermata
                ? Fermata.process(
                    input.keyBy(number -> number),
                    new CallingFunction(),
                    Types.GENERIC(Object.class),
                    DurableOptions.<Long>create().capacity(threads).asyncThreads(threads))
                : asynchronous(input, threads));
  }

  private static DataStream<Object> asynchronous(DataStream<Long> input, int threads) {
    return AsyncDataStream.unorderedWait(
            input.keyBy(number -> number), new CallingClient(threads), 1, TimeUnit.HOURS, threads)
        .returns(Types.GENERIC(Object.class));
  }

  private static final class CallingFunction implements DurableFunction<Long, Long, Object> {
    private static final long serialVersionUID = 1L;

    @Override
    public void process(Long input, DurableContext<Long> context, Collector<Object> out) {
      context.call(
          "call",
          Boolean.class,
          () -> {
            Measurement.current().call();
            return true;
          });
      out.collect(input);
    }
  }

  private static final class CallingClient extends RichAsyncFunction<Long, Object> {
    private static final long serialVersionUID = 1L;

    private final int threads;
    private transient ExecutorService pool;

    CallingClient(int threads) {
      this.threads = threads;
    }

    @Override
    public void open(OpenContext context) {
      pool = Executors.newFixedThreadPool(threads);
    }

    @Override
    public void asyncInvoke(Long input, ResultFuture<Object> result) {
      pool.execute(
          () -> {
            try {
              Measurement.current().call();
              result.complete(Collections.singleton(input));
            } catch (InterruptedException cancelled) {
              result.completeExceptionally(cancelled);
            }
          });
    }

    @Override
    public void close() {
      pool.shutdownNow();
    }
  }
}
