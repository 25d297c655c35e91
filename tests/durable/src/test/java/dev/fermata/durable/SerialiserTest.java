// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.jsontype.BasicPolymorphicTypeValidator;
import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamConstants;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes of results: faithful, alike in each run, and harmless whoever wrote them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SerialiserTest {
  private static final AtomicInteger RUN = new AtomicInteger();

  private final Serialiser json = JsonSerialiser.create();
  private final Serialiser javaForm =
      JavaSerialiser.withFilter(
          ObjectInputFilter.Config.createFilter(
              "dev.fermata.durable.SerialiserTest$Receipt;java.lang.*;java.util.*"));

  @Test
  void jsonReadsBackWhatItWrote() throws Exception {
    Receipt receipt = new Receipt();
    receipt.id = "7";
    receipt.amount = new BigDecimal("12.50");
    receipt.at = Instant.parse("2024-02-29T12:00:00.123456789Z");
    receipt.wait = Duration.ofNanos(1_000_000_001);
    receipt.local = OffsetDateTime.parse("2024-02-29T12:00:00+05:30");

    Receipt read = json.deserialise(json.serialise(receipt), ResultType.of(Receipt.class));

    assertThat(read).usingRecursiveComparison().isEqualTo(receipt);
    assertThat(
            json.deserialise(
                json.serialise(List.of(Map.of("a", 1L))),
                new ResultType<List<Map<String, Long>>>() {}))
        .isEqualTo(List.of(Map.of("a", 1L)));
    assertThat(json.<String>deserialise(json.serialise(null), ResultType.of(String.class)))
        .isNull();
  }

  @Test
  void equalMapsGiveEqualBytesWhateverTheirOrder() throws Exception {
    Map<String, Integer> one = new LinkedHashMap<>();
    one.put("a", 1);
    one.put("b", 2);
    Map<String, Integer> other = new LinkedHashMap<>();
    other.put("b", 2);
    other.put("a", 1);

    assertThat(json.serialise(one)).isEqualTo(json.serialise(other));
  }

  @Test
  void aMapperThatLetsJsonNameClassesIsRefused() {
    ObjectMapper mapper = new ObjectMapper();
    mapper.activateDefaultTyping(
        BasicPolymorphicTypeValidator.builder().allowIfBaseType(Object.class).build());

    assertThatThrownBy(() -> JsonSerialiser.of(mapper))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("default typing");
    assertThatCode(() -> JsonSerialiser.of(new ObjectMapper())).doesNotThrowAnyException();
    // What its message recommends.
    assertThatThrownBy(() -> JsonSerialiser.of(mapper)).hasMessageContaining("Id.NAME");
  }

  @Test
  void jsonNamesNoClassEvenWhereAnAnnotationAsksItTo() {
    String gadget = "{\"@class\":\"" + Gadget.class.getName() + "\",\"command\":\"anything\"}";

    for (Serialiser serialiser : List.of(json, JsonSerialiser.of(new ObjectMapper()))) {
      assertThatThrownBy(
              () ->
                  serialiser.deserialise(
                      ("{\"value\":" + gadget + "}").getBytes(), ResultType.of(Named.class)))
          .isInstanceOf(Exception.class);
      assertThatThrownBy(
              () -> serialiser.deserialise(gadget.getBytes(), ResultType.of(AnyNamed.class)))
          .isInstanceOf(Exception.class);
      assertThat(RUN).hasValue(0);
    }
  }

  @Test
  void hostileJsonIsRefusedBeforeItFillsTheMemory() {
    String deep = "[".repeat(1_000_000);
    String many = "[" + "[],".repeat(1_000_000) + "[]]";
    String number = "1".repeat(10_000);
    for (String hostile : List.of(deep, many, number, "", "[1] 2", "\"\\u12", "{\"a\":")) {
      assertThatThrownBy(() -> json.deserialise(hostile.getBytes(), ResultType.of(Object.class)))
          .as(hostile.substring(0, Math.min(20, hostile.length())))
          .isInstanceOf(Exception.class);
    }
  }

  /** A journal somebody tampered with: any bytes in place of a result. */
  @Test
  void madeUpBytesAreAnErrorOfTheActionAndNothingElse() {
    Random random = new Random(7);
    for (Serialiser serialiser : List.of(json, javaForm)) {
      for (int i = 0; i < 100; i++) {
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        assertUnreadable(serialiser, bytes);
      }
    }
  }

  private static void assertUnreadable(Serialiser serialiser, byte[] bytes) {
    AtomicInteger made = new AtomicInteger();
    DurableBody<Receipt> body =
        context ->
            context.call(
                "call",
                Receipt.class,
                () -> {
                  made.incrementAndGet();
                  return null;
                });
    try (Rig rig = new Rig(Strategy.INLINE).with(builder -> builder.serialiser(serialiser))) {
      rig.run("action", body);
      List<JournalRecord> records = rig.journal.acknowledged();
      rig.restart(
          RecordList.of(
              List.of(records.get(0), records.get(1), new CallFinished("action", 0, bytes))));

      assertThat(rig.failureOf("action", body))
          .as(Arrays.toString(bytes))
          .isInstanceOf(NonDeterministicActionException.class)
          .hasMessageContaining("a result that is no");
      assertThat(made).hasValue(1);
    }
  }

  @Test
  void javaSerialisationReadsWhatItsFilterAllows() throws Exception {
    Receipt receipt = new Receipt();
    receipt.id = "7";
    List<Receipt> receipts = new ArrayList<>(List.of(receipt));

    List<Receipt> read =
        javaForm.deserialise(javaForm.serialise(receipts), new ResultType<List<Receipt>>() {});

    assertThat(read.get(0).id).isEqualTo("7");
    assertThatThrownBy(
            () -> javaForm.deserialise(javaForm.serialise("text"), ResultType.of(Receipt.class)))
        .isInstanceOf(ClassCastException.class);
  }

  @Test
  void javaSerialisationReadsArraysOfPrimitivesThatNoPatternNames() throws Exception {
    Serialiser narrow =
        JavaSerialiser.withFilter(
            ObjectInputFilter.Config.createFilter("java.math.*;java.lang.Number"));

    assertThat(narrow.deserialise(narrow.serialise(new byte[] {1, 2}), ResultType.of(byte[].class)))
        .containsExactly(1, 2);
    BigDecimal amount = new BigDecimal("12.50123456789012345678901234567890");
    assertThat(narrow.deserialise(narrow.serialise(amount), ResultType.of(BigDecimal.class)))
        .isEqualTo(amount);
    assertThatThrownBy(
            () ->
                narrow.deserialise(narrow.serialise(new Gadget[1]), ResultType.of(Gadget[].class)))
        .isInstanceOf(InvalidClassException.class);
  }

  @Test
  void javaSerialisationRunsNoClassThatIsNotAllowed() throws Exception {
    byte[] bytes = javaForm.serialise(new Gadget());

    assertThatThrownBy(() -> javaForm.deserialise(bytes, ResultType.of(Object.class)))
        .isInstanceOf(InvalidClassException.class);
    assertThat(RUN).hasValue(0);
    assertThatThrownBy(() -> JavaSerialiser.withFilter(null))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void aCraftedLengthAllocatesNothing() throws Exception {
    byte[] array = javaForm.serialise(new Object[1]);
    // The last bytes are the length of the array and its one element.
    array[array.length - 5] = 0x7F;
    assertThatThrownBy(() -> javaForm.deserialise(array, ResultType.of(Object.class)))
        .isInstanceOf(InvalidClassException.class);

    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(ObjectStreamConstants.STREAM_MAGIC);
    out.writeShort(ObjectStreamConstants.STREAM_VERSION);
    for (int i = 0; i < 100_000; i++) {
      out.writeByte(ObjectStreamConstants.TC_ARRAY);
    }
    assertThatThrownBy(() -> javaForm.deserialise(bytes.toByteArray(), ResultType.of(Object.class)))
        .isInstanceOf(Exception.class);
  }

  /** A result with public fields. */
  public static class Receipt implements Serializable {
    private static final long serialVersionUID = 1L;

    public String id;
    public BigDecimal amount;
    public Instant at;
    public Duration wait;
    public OffsetDateTime local;
  }

  /** Code that must not run. */
  public static class Gadget implements Serializable, AnyNamed {
    private static final long serialVersionUID = 1L;

    public void setCommand(String command) {
      RUN.incrementAndGet();
    }

    private void readObject(ObjectInputStream in) {
      RUN.incrementAndGet();
    }
  }

  /** Lets JSON choose any class as a value. */
  public static class Named {
    @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
    public Object value;
  }

  /** Lets JSON choose among the classes that implement it. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
  public interface AnyNamed {}
}
