// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.junit.jupiter.api.Test;

/** Which rows of earlier versions are read. */
class InFlightStateTest {
  private static <T> T fake(Class<T> type, InvocationHandler answer) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, answer));
  }

  @SuppressWarnings("unchecked")
  private static List<InFlight<String, Integer>> read(byte[] row) throws Exception {
    ListState<?> rows =
        fake(
            ListState.class,
            (proxy, method, arguments) -> List.of(Tuple3.of(row, 42, List.<String>of())));
    KeyedStateBackend<String> backend =
        fake(
            KeyedStateBackend.class,
            (proxy, method, arguments) ->
                method.getName().equals("getKeys") ? Stream.of("key") : null);
    return new InFlightState<String, Integer, String>(
            fake(KeyedStateStore.class, (proxy, method, arguments) -> rows),
            backend,
            IntSerializer.INSTANCE,
            StringSerializer.INSTANCE,
            new SerializerConfigImpl(),
            InFlightStateTest.class.getClassLoader())
        .read();
  }

  @Test
  void anElementOfTheFirstFormatHasNoId() throws Exception {
    DataOutputSerializer row = new DataOutputSerializer(64);
    row.writeByte(1);
    row.writeByte(InFlight.Kind.ELEMENT.ordinal());
    row.writeLong(7);
    row.writeBoolean(false); // timestamp
    row.writeBoolean(false); // finished
    row.writeInt(3); // version
    row.writeInt(0); // steps

    InFlight<String, Integer> element = read(row.getCopyOfBuffer()).get(0);

    assertThat(element.id).isNull();
    assertThat(element.sequence).isEqualTo(7);
    assertThat(element.value).isEqualTo(42);
    assertThat(element.log.version()).isEqualTo(3);
  }
}
