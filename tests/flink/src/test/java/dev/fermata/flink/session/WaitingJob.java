// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.session;

import dev.fermata.flink.DurableContext;
import dev.fermata.flink.DurableFunction;
import dev.fermata.flink.DurableOptions;
import dev.fermata.flink.Fermata;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/** A job whose calls must overlap, and which tells {@link SessionCluster} of its class loader. */
public final class WaitingJob {
  private static final int KEYS = 5;
  private static final CyclicBarrier ALL_KEYS = new CyclicBarrier(KEYS);

  private WaitingJob() {}

  public static void main(String[] arguments) throws Exception {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    Fermata.process(
            environment.fromSequence(0, 4 * KEYS - 1).keyBy(number -> number % KEYS),
            new Meet(),
            Types.LONG,
            DurableOptions.<Long>create().asyncThreads(KEYS).capacity(KEYS))
        .sinkTo(new DiscardingSink<>());
    environment.execute("waiting");
  }

  private static final class Meet implements DurableFunction<Long, Long, Long> {
    private static final long serialVersionUID = 1L;

    static {
      // The one place that all class loaders of a process share.
      @SuppressWarnings("unchecked")
      Collection<WeakReference<ClassLoader>> loaders =
          (Collection<WeakReference<ClassLoader>>)
              System.getProperties().get(SessionCluster.LOADERS);
      loaders.add(new WeakReference<>(Meet.class.getClassLoader()));
    }

    @Override
    public void process(Long element, DurableContext<Long> context, Collector<Long> out)
        throws Exception {
      ValueState<Long> sum = context.getState(new ValueStateDescriptor<>("sum", Types.LONG));
      context.sleep(Duration.ofMillis(1));
      long met = context.call("meet", Long.class, () -> meet(element));
      sum.update((sum.value() == null ? 0 : sum.value()) + met);
      out.collect(sum.value());
    }

    private static long meet(long element) throws Exception {
      ALL_KEYS.await(60, TimeUnit.SECONDS);
      return element;
    }
  }
}
