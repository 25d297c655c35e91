// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.AbstractRichFunction;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.TimeDomain;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** State and timers of an element take effect when its function has returned, and not before. */
@Timeout(20)
class StateTest {
  private static final ValueStateDescriptor<Integer> SUM =
      new ValueStateDescriptor<>("sum", Types.INT);
  private static final ValueStateDescriptor<int[]> ARRAY =
      new ValueStateDescriptor<>("array", int[].class);
  private static final ListStateDescriptor<String> LIST =
      new ListStateDescriptor<>("list", Types.STRING);
  private static final MapStateDescriptor<String, Integer> MAP =
      new MapStateDescriptor<>("map", Types.STRING, Types.INT);

  private static final ReducingStateDescriptor<int[]> LARGEST =
      new ReducingStateDescriptor<>(
          "largest",
          (a, b) -> {
            a[0] = Math.max(a[0], b[0]);
            return a;
          },
          int[].class);
  private static final AggregatingStateDescriptor<Integer, List<Integer>, String> JOINED =
      new AggregatingStateDescriptor<>("joined", new Joining(), Types.LIST(Types.INT));

  private final Gates gates = new Gates();

  /** Its accumulator is the list of what was added. */
  private static final class Joining implements AggregateFunction<Integer, List<Integer>, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public List<Integer> createAccumulator() {
      return new ArrayList<>();
    }

    @Override
    public List<Integer> add(Integer value, List<Integer> accumulator) {
      accumulator.add(value);
      return accumulator;
    }

    @Override
    public String getResult(List<Integer> accumulator) {
      return accumulator.toString();
    }

    @Override
    public List<Integer> merge(List<Integer> a, List<Integer> b) {
      throw new UnsupportedOperationException("nothing is merged");
    }
  }

  private static int add(DurableContext<String> context, int number) throws Exception {
    ValueState<Integer> sum = context.getState(SUM);
    int value = (sum.value() == null ? 0 : sum.value()) + number;
    sum.update(value);
    return sum.value();
  }

  @Test
  void aFunctionSeesItsOwnWritesAndTheNextElementOfTheKeySeesThem() throws Exception {
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              int before = add(context, element.f1);
              context.call("call", String.class, gates.call(element.f0 + element.f1));
              out.collect(element.f0 + before + "=" + context.getState(SUM).value());
            })) {
      rig.send("a", 1, 1).send("a", 2, 2).send("b", 5, 3);
      gates.open("a1").open("a2").open("b5");
      rig.runUntilOutput(3);
      assertThat(rig.output()).containsExactlyInAnyOrder("a1=1", "a3=3", "b5=5");
    }
  }

  @Test
  void aCheckpointHoldsNoWriteOfAnElementInFlight() throws Exception {
    DurableFunction<String, Tuple2<String, Integer>, String> function =
        (element, context, out) -> {
          int sum = add(context, element.f1);
          context.getListState(LIST).add("x");
          context.getMapState(MAP).put("x", 1);
          context.getReducingState(LARGEST).add(new int[] {gates.made.size()});
          context.getAggregatingState(JOINED).add(element.f1);
          context.registerEventTimeTimer(100);
          context.call("call", String.class, gates.call("call" + gates.made.size()));
          out.collect("sum " + sum + " " + context.getAggregatingState(JOINED).get());
        };
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 1);
      gates.awaitBegun("call0");
      state = rig.snapshot();
      assertThat(rig.harness.numEventTimeTimers()).isZero();
    }
    gates.open("call1");
    try (OperatorRig rig = OperatorRig.restore(function, OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      // Applied once: the write of the first run was in no checkpoint.
      assertThat(rig.output()).containsExactly("sum 1 [1]");
      assertThat(rig.harness.numEventTimeTimers()).isEqualTo(1);
    }
  }

  @Test
  void valuesAreCopies() throws Exception {
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              ValueState<int[]> state = context.getState(ARRAY);
              int[] mine = element.f1 == 1 ? new int[] {1} : state.value();
              if (element.f1 == 1) {
                state.update(mine);
              }
              mine[0] = 99;
              out.collect(Arrays.toString(state.value()));
            })) {
      rig.send("a", 1, 1).send("a", 2, 2).send("a", 3, 3);
      assertThat(rig.output()).containsExactly("[1]", "[1]", "[1]");
    }
  }

  @Test
  void listsShowWhatWasAddedAndCleared() throws Exception {
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              ListState<String> list = context.getListState(LIST);
              if (element.f1 == 3) {
                list.clear();
              }
              list.add("" + element.f1);
              list.addAll(List.of("x"));
              List<String> all = new ArrayList<>();
              list.get().forEach(all::add);
              out.collect(all.toString());
              if (element.f1 == 4) {
                list.update(List.of("u"));
                out.collect(list.get().toString());
              }
            })) {
      rig.send("a", 1, 1).send("a", 2, 2).send("a", 3, 3).send("a", 4, 4).send("a", 5, 5);
      assertThat(rig.output())
          .containsExactly("[1, x]", "[1, x, 2, x]", "[3, x]", "[3, x, 4, x]", "[u]", "[u, 5, x]");
    }
  }

  @Test
  void reductionsShowWhatWasAddedAndCleared() throws Exception {
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              ReducingState<int[]> largest = context.getReducingState(LARGEST);
              int[] before = largest.get();
              if (element.f1 == 2) {
                largest.clear();
              }
              int[] mine = {element.f1};
              largest.add(mine);
              mine[0] = 99;
              int[] after = largest.get();
              out.collect(Arrays.toString(before) + Arrays.toString(after));
              after[0] = 99;
            })) {
      rig.send("a", 5, 1).send("a", 3, 2).send("a", 7, 3).send("a", 2, 4).send("a", 1, 5);
      assertThat(rig.output()).containsExactly("null[5]", "[5][5]", "[5][7]", "[7][2]", "[2][2]");
    }
  }

  @Test
  void aggregatesShowWhatWasAddedAndCleared() throws Exception {
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              AggregatingState<Integer, String> joined = context.getAggregatingState(JOINED);
              String before = joined.get();
              if (element.f1 == 3) {
                joined.clear();
              }
              joined.add(element.f1);
              out.collect(before + joined.get());
            })) {
      rig.send("a", 1, 1).send("a", 2, 2).send("b", 9, 3).send("a", 3, 4).send("a", 4, 5);
      assertThat(rig.output())
          .containsExactly("null[1]", "[1][1, 2]", "null[9]", "[1, 2][3]", "[3][3, 4]");
    }
  }

  @Test
  void mapsShowWhatWasPutRemovedAndCleared() throws Exception {
    List<DurableFunction<String, Tuple2<String, Integer>, String>> steps =
        List.of(
            (element, context, out) -> context.getMapState(MAP).putAll(Map.of("a", 1, "b", 2)),
            (element, context, out) -> {
              MapState<String, Integer> map = context.getMapState(MAP);
              map.remove("a");
              map.put("c", 3);
              out.collect(
                  map.get("a") + " " + map.contains("a") + " " + map.get("b") + " " + all(map));
            },
            (element, context, out) -> {
              MapState<String, Integer> map = context.getMapState(MAP);
              out.collect(all(map));
              for (Map.Entry<String, Integer> entry : map.entries()) {
                entry.setValue(entry.getValue() * 10);
              }
              out.collect(all(map));
              var entries = map.iterator();
              entries.next();
              entries.remove();
              out.collect("" + new TreeMap<>(toMap(map)).size());
            },
            (element, context, out) -> {
              MapState<String, Integer> map = context.getMapState(MAP);
              map.clear();
              map.put("z", 26);
              map.remove("z");
              map.put("y", 25);
              out.collect(all(map) + " " + map.isEmpty() + " " + map.keys() + " " + map.values());
            },
            (element, context, out) -> out.collect(all(context.getMapState(MAP))));
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> steps.get(element.f1).process(element, context, out))) {
      for (int i = 0; i < steps.size(); i++) {
        rig.send("a", i, i);
      }
      assertThat(rig.output())
          .containsExactly(
              "null false 2 {b=2, c=3}",
              "{b=2, c=3}",
              "{b=20, c=30}",
              "1",
              "{y=25} false [y] [25]",
              "{y=25}");
    }
  }

  private static Map<String, Integer> toMap(MapState<String, Integer> map) throws Exception {
    Map<String, Integer> all = new TreeMap<>();
    map.iterator().forEachRemaining(entry -> all.put(entry.getKey(), entry.getValue()));
    return all;
  }

  private static String all(MapState<String, Integer> map) throws Exception {
    return toMap(map).toString();
  }

  @Test
  void stateExpires() throws Exception {
    StateTtlConfig second = StateTtlConfig.newBuilder(timeToLive()).build();
    ValueStateDescriptor<Integer> mortal = new ValueStateDescriptor<>("mortal", Types.INT);
    ReducingStateDescriptor<Integer> sum =
        new ReducingStateDescriptor<>("mortal sum", Integer::sum, Types.INT);
    AggregatingStateDescriptor<Integer, List<Integer>, String> joined =
        new AggregatingStateDescriptor<>("mortal list", new Joining(), Types.LIST(Types.INT));
    mortal.enableTimeToLive(second);
    sum.enableTimeToLive(second);
    joined.enableTimeToLive(second);
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              out.collect(
                  context.getState(mortal).value()
                      + " "
                      + context.getReducingState(sum).get()
                      + " "
                      + context.getAggregatingState(joined).get());
              context.getState(mortal).update(element.f1);
              context.getReducingState(sum).add(element.f1);
              context.getAggregatingState(joined).add(element.f1);
            })) {
      rig.harness.setStateTtlProcessingTime(0);
      rig.send("a", 1, 1).send("a", 2, 2).send("a", 3, 3);
      rig.harness.setStateTtlProcessingTime(2_000);
      rig.send("a", 4, 4);
      assertThat(rig.output())
          .containsExactly("null null null", "1 1 [1]", "2 3 [1, 2]", "null null null");
    }
  }

  private static Duration timeToLive() {
    return Duration.ofSeconds(1);
  }

  /** Registers a timer; when it is due it makes a call. */
  private final class Timed extends AbstractRichFunction
      implements DurableFunction<String, Tuple2<String, Integer>, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public void process(
        Tuple2<String, Integer> element, DurableContext<String> context, Collector<String> out)
        throws Exception {
      add(context, element.f1);
      context.registerEventTimeTimer(10);
      context.registerEventTimeTimer(11);
      context.deleteEventTimeTimer(11);
      context.registerProcessingTimeTimer(500);
      context.registerProcessingTimeTimer(501);
      context.deleteProcessingTimeTimer(501);
    }

    @Override
    public void onTimer(
        long timestamp, TimeDomain domain, DurableContext<String> context, Collector<String> out)
        throws Exception {
      String answer = context.call("timer", String.class, gates.call(domain + context.key()));
      out.collect(answer + "@" + timestamp + " " + context.getState(SUM).value());
    }
  }

  @Test
  void timersFireBeforeTheWatermarkAndMayWait() throws Exception {
    try (OperatorRig rig = OperatorRig.open(new Timed())) {
      rig.send("a", 1, 1).send("b", 2, 2).watermark(20);
      gates.awaitBegun("EVENT_TIMEa").awaitBegun("EVENT_TIMEb").open("EVENT_TIMEb", "b");
      rig.runUntilOutput(1);
      gates.open("EVENT_TIMEa", "a");
      rig.runUntilOutput(3);
      assertThat(rig.output()).containsExactly("b@10 2", "a@10 1", "W20");

      rig.harness.setProcessingTime(600);
      gates.open("PROCESSING_TIMEa", "a").open("PROCESSING_TIMEb", "b");
      rig.runUntilOutput(5);
      assertThat(rig.output().subList(3, 5)).containsExactlyInAnyOrder("a@500 1", "b@500 2");
    }
  }

  @Test
  void aTimerInFlightIsInTheCheckpoint() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(new Timed())) {
      rig.send("a", 1, 1).watermark(20);
      gates.awaitBegun("EVENT_TIMEa");
      state = rig.snapshot();
    }
    gates.open("EVENT_TIMEa", "again");
    try (OperatorRig rig = OperatorRig.restore(new Timed(), OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("again@10 1");
    }
  }

  @Test
  void aRichFunctionReachesNoStatePastItsContext() throws Exception {
    class Rich extends AbstractRichFunction
        implements DurableFunction<String, Tuple2<String, Integer>, String> {
      private static final long serialVersionUID = 1L;

      @Override
      public void process(
          Tuple2<String, Integer> element, DurableContext<String> context, Collector<String> out) {
        getRuntimeContext().getState(SUM);
      }
    }
    try (OperatorRig rig = OperatorRig.open(new Rich())) {
      assertThatThrownBy(() -> rig.send("a", 1, 1))
          .hasRootCauseInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("DurableContext");
    }
  }
}
