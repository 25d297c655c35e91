// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import java.util.List;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.util.Collector;

/** Functions whose calls wait for gates. */
final class GatedFunctions {
  private GatedFunctions() {}

  /** Calls of these names, each of which waits for the gate of element and name. */
  static DurableFunction<String, Tuple2<String, Integer>, String> calls(
      Gates gates, String... names) {
    return calls(gates, 0, names);
  }

  static DurableFunction<String, Tuple2<String, Integer>, String> calls(
      Gates gates, int version, String... names) {
    return new DurableFunction<>() {
      @Override
      public void process(
          Tuple2<String, Integer> element, DurableContext<String> context, Collector<String> out) {
        StringBuilder answers = new StringBuilder(element.f0 + element.f1);
        for (String name : names) {
          answers.append(' ');
          answers.append(
              context.call(name, String.class, gates.call(element.f0 + element.f1 + name)));
        }
        out.collect(answers.toString());
      }

      @Override
      public int version() {
        return version;
      }
    };
  }

  static DurableFunction<String, Tuple2<String, Integer>, String> gathering(Gates gates) {
    return (element, context, out) ->
        out.collect(
            context
                .gather(
                    "parts",
                    String.class,
                    List.of(gates.call("0"), gates.call("1"), gates.call("2")))
                .toString());
  }

  /** Returns a text of this length from its first call, which must not be made if negative. */
  static DurableFunction<String, Tuple2<String, Integer>, String> returning(
      int length, Gates gates) {
    return (element, context, out) -> {
      String text = context.call("first", String.class, () -> "x".repeat(length));
      context.call("second", String.class, gates.call("second"));
      out.collect(String.valueOf(text.length()));
    };
  }
}
