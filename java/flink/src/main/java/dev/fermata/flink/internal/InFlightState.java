// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.flink.internal.InFlight.Emission;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.api.java.typeutils.runtime.TupleSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.OutputTag;

/**
 * The elements in flight as keyed state, so that Flink moves them with their keys. Written at each
 * checkpoint, read at a restore, and of no meaning between.
 *
 * <p>A row is the record ({@link #FORMAT}), the element (null for a timer) and the main output of a
 * function that has returned: these two in their own serializers, which can evolve.
 */
final class InFlightState<K, IN, OUT> {
  private static final String NAME = "fermata-in-flight";
  private static final byte FORMAT = 2;

  /** Without the element's id in the journal. */
  private static final byte FORMAT_WITHOUT_ID = 1;

  private static final byte MAIN = 0;
  private static final byte SIDE = 1;

  private final KeyedStateBackend<K> backend;
  private final ListState<Tuple3<byte[], IN, List<OUT>>> rows;
  private final TypeSerializer<OUT> outputSerializer;
  private final SerializerConfig serializerConfig;
  private final ClassLoader userClasses;
  private Set<K> writtenKeys = new HashSet<>();

  InFlightState(
      KeyedStateStore states,
      KeyedStateBackend<K> backend,
      TypeSerializer<IN> elementSerializer,
      TypeSerializer<OUT> outputSerializer,
      SerializerConfig serializerConfig,
      ClassLoader userClasses) {
    this.backend = backend;
    this.outputSerializer = outputSerializer;
    this.serializerConfig = serializerConfig;
    this.userClasses = userClasses;
    rows =
        states.getListState(
            new ListStateDescriptor<>(NAME, rowSerializer(elementSerializer, outputSerializer)));
  }

  @SuppressWarnings("unchecked")
  private static <IN, OUT> TypeSerializer<Tuple3<byte[], IN, List<OUT>>> rowSerializer(
      TypeSerializer<IN> element, TypeSerializer<OUT> output) {
    return new TupleSerializer<>(
        (Class<Tuple3<byte[], IN, List<OUT>>>) (Class<?>) Tuple3.class,
        new TypeSerializer<?>[] {
          BytePrimitiveArraySerializer.INSTANCE,
          NullableSerializer.wrap(element, false),
          new ListSerializer<>(output)
        });
  }

  /** Makes the state that of these elements, which stand in their order. */
  void write(Iterable<InFlight<K, IN>> elements) throws Exception {
    Map<K, List<Tuple3<byte[], IN, List<OUT>>>> byKey = new LinkedHashMap<>();
    for (InFlight<K, IN> element : elements) {
      try {
        byKey.computeIfAbsent(element.key, key -> new ArrayList<>(1)).add(row(element));
      } catch (IOException | RuntimeException failed) {
        throw new IOException("No checkpoint can be made of " + element, failed);
      }
    }
    writtenKeys.removeAll(byKey.keySet());
    for (K left : writtenKeys) {
      backend.setCurrentKey(left);
      rows.clear();
    }
    writtenKeys = new HashSet<>(byKey.keySet());
    for (Map.Entry<K, List<Tuple3<byte[], IN, List<OUT>>>> entry : byKey.entrySet()) {
      backend.setCurrentKey(entry.getKey());
      rows.update(entry.getValue());
    }
  }

  /** Reads the elements of this subtask's keys, in the order in which they arrived. */
  List<InFlight<K, IN>> read() throws Exception {
    try (Stream<K> keys = backend.getKeys(NAME, VoidNamespace.INSTANCE)) {
      writtenKeys = keys.collect(Collectors.toSet());
    }
    List<InFlight<K, IN>> elements = new ArrayList<>();
    for (K key : writtenKeys) {
      backend.setCurrentKey(key);
      for (Tuple3<byte[], IN, List<OUT>> row : rows.get()) {
        elements.add(element(key, row));
      }
    }
    elements.sort(Comparator.comparingLong(element -> element.sequence));
    return elements;
  }

  private Tuple3<byte[], IN, List<OUT>> row(InFlight<K, IN> element) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(128);
    List<OUT> mainOutput = new ArrayList<>();
    out.writeByte(FORMAT);
    out.writeByte(element.kind.ordinal());
    out.writeLong(element.sequence);
    out.writeBoolean(element.timestamp != null);
    if (element.timestamp != null) {
      out.writeLong(element.timestamp);
    }
    out.writeBoolean(element.id != null);
    if (element.id != null) {
      out.writeUTF(element.id);
    }
    out.writeBoolean(element.finished);
    if (element.finished) {
      out.writeInt(element.output.size());
      for (Emission<?> emission : element.output) {
        writeEmission(emission, mainOutput, out);
      }
    } else {
      element.log.write(out);
    }
    return Tuple3.of(out.getCopyOfBuffer(), element.value, mainOutput);
  }

  @SuppressWarnings("unchecked")
  private <T> void writeEmission(
      Emission<T> emission, List<OUT> mainOutput, DataOutputSerializer out) throws IOException {
    if (emission.tag == null) {
      out.writeByte(MAIN);
      // A copy: the object may be changed downstream while the checkpoint is still written.
      mainOutput.add(outputSerializer.copy((OUT) emission.value));
      return;
    }
    out.writeByte(SIDE);
    byte[] tag = InstantiationUtil.serializeObject(emission.tag);
    out.writeInt(tag.length);
    out.write(tag);
    emission.tag.getTypeInfo().createSerializer(serializerConfig).serialize(emission.value, out);
  }

  private InFlight<K, IN> element(K key, Tuple3<byte[], IN, List<OUT>> row)
      throws IOException, ClassNotFoundException {
    DataInputDeserializer in = new DataInputDeserializer(row.f0);
    byte format = in.readByte();
    if (format != FORMAT && format != FORMAT_WITHOUT_ID) {
      throw new IOException(
          "The element in flight of key '"
              + key
              + "' was written in format "
              + format
              + ", but this version of Fermata reads formats "
              + FORMAT_WITHOUT_ID
              + " to "
              + FORMAT
              + "; restore it with the version that wrote it");
    }
    InFlight.Kind kind = InFlight.Kind.values()[in.readByte()];
    long sequence = in.readLong();
    Long timestamp = in.readBoolean() ? in.readLong() : null;
    String id = format != FORMAT_WITHOUT_ID && in.readBoolean() ? in.readUTF() : null;
    boolean finished = in.readBoolean();
    InFlight<K, IN> element =
        new InFlight<>(kind, sequence, key, row.f1, timestamp, finished ? null : CallLog.read(in));
    element.id = id;
    element.finished = finished;
    if (!finished) {
      return element;
    }
    int count = in.readInt();
    int mainOutput = 0;
    for (int i = 0; i < count; i++) {
      element.output.add(
          in.readByte() == MAIN
              ? new Emission<>(null, row.f2.get(mainOutput++))
              : readSideOutput(in));
    }
    return element;
  }

  private Emission<?> readSideOutput(DataInputDeserializer in)
      throws IOException, ClassNotFoundException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    OutputTag<?> tag = InstantiationUtil.deserializeObject(bytes, userClasses);
    return readSideOutput(tag, in);
  }

  private <T> Emission<T> readSideOutput(OutputTag<T> tag, DataInputDeserializer in)
      throws IOException {
    return new Emission<>(
        tag, tag.getTypeInfo().createSerializer(serializerConfig).deserialize(in));
  }
}
