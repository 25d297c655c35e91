// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.BasicPolymorphicTypeValidator;
import com.fasterxml.jackson.databind.jsontype.PolymorphicTypeValidator;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

/**
 * Results and arguments as JSON, by Jackson: records, beans, collections, arrays, numbers, text,
 * {@code java.time}. JSON never names a class: a result is read as the type that the call was
 * given.
 *
 * <p>Keys and properties are sorted, so that equal objects give equal bytes; the elements of sets
 * are not: an argument that is a set should be a sorted one.
 *
 * <p>What is read may have 1,000,000 tokens and nest 200 deep; more is refused. Immutable.
 */
public final class JsonSerialiser implements Serialiser {
  private static final int MAX_DEPTH = 200;
  private static final int MAX_TOKENS = 1_000_000;

  private static final JsonSerialiser DEFAULT = new JsonSerialiser(mapper());

  private final ObjectMapper mapper;

  private JsonSerialiser(ObjectMapper mapper) {
    this.mapper = mapper;
  }

  /**
   * Returns the serialiser.
   *
   * @return the serialiser with Fermata's own mapper
   */
  public static JsonSerialiser create() {
    return DEFAULT;
  }

  /**
   * Makes a serialiser of a mapper of the caller's, for types that need modules or mix-ins. Its
   * limits are the mapper's; a class that an annotation asks JSON to name it allows no more than
   * Fermata's own.
   *
   * @param mapper is copied
   * @return a serialiser
   * @throws IllegalArgumentException if the mapper has default typing, which lets JSON choose the
   *     classes that are made of it
   */
  public static JsonSerialiser of(ObjectMapper mapper) {
    JavaType any = mapper.constructType(Object.class);
    if (mapper.getDeserializationConfig().getDefaultTyper(any) != null) {
      throw new IllegalArgumentException(
          "a mapper with default typing lets JSON name the classes that are made of it; use one"
              + " without, and tell subtypes by names of your own: @JsonTypeInfo(use = Id.NAME)"
              + " and @JsonSubTypes");
    }
    return new JsonSerialiser(mapper.copy().setPolymorphicTypeValidator(noClass()));
  }

  /** Allows no class that an annotation asks JSON to name. */
  private static PolymorphicTypeValidator noClass() {
    return BasicPolymorphicTypeValidator.builder().build();
  }

  private static ObjectMapper mapper() {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxTokenCount(MAX_TOKENS)
                    .build())
            .build();
    return JsonMapper.builder(factory)
        .addModule(new JavaTimeModule())
        .polymorphicTypeValidator(noClass())
        .enable(MapperFeature.BLOCK_UNSAFE_POLYMORPHIC_BASE_TYPES)
        .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
        .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
        .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
        .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
        .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();
  }

  @Override
  public byte[] serialise(Object value) throws Exception {
    return mapper.writeValueAsBytes(value);
  }

  @Override
  public <T> T deserialise(byte[] bytes, ResultType<T> type) throws Exception {
    return mapper.readValue(bytes, mapper.constructType(type.type()));
  }

  @Override
  public String toString() {
    return "JSON";
  }
}
