// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.flink.CallFailedException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

/**
 * One thing that a function asked for, and once it is there the outcome, which is set once.
 *
 * <p>Any thread that ends a call may {@link #complete} it; everything else is done on the task's
 * side, by the function or by a checkpoint.
 */
final class Step {
  /** What was asked for. The order is part of the checkpoint's format. */
  enum Kind {
    CALL,
    SLEEP,
    CLOCK,
    RANDOM
  }

  private static final byte OPEN = 0;
  private static final byte VALUE = 1;
  private static final byte NULL = 2;
  private static final byte FAILURE = 3;

  private final Kind kind;
  private final String name;
  private final String type;
  private final AtomicReference<Outcome> outcome = new AtomicReference<>();

  /** Null, as its future is, if nobody records the outcome. */
  private StepRecorder recorder;

  private CompletableFuture<Void> recorded;

  Step(Kind kind, String name, String type) {
    this.kind = kind;
    this.name = name;
    this.type = type;
  }

  Kind kind() {
    return kind;
  }

  String name() {
    return name;
  }

  /** Has the outcome recorded when it is there; before anybody can know it. */
  void recordBy(StepRecorder outcomes) {
    recorder = outcomes;
    recorded = new CompletableFuture<>();
  }

  boolean isRecorded() {
    return recorder != null;
  }

  /** Completes when the outcome, which is there, has been recorded. */
  CompletableFuture<Void> recorded() {
    return recorded == null ? CompletableFuture.completedFuture(null) : recorded;
  }

  boolean isSame(Kind otherKind, String otherName, String otherType) {
    return kind == otherKind && name.equals(otherName) && type.equals(otherType);
  }

  boolean isDone() {
    return outcome.get() != null;
  }

  /**
   * Sets the value, unless there is an outcome already. The caller gives the object away.
   *
   * @param serializer of the value; of this thread alone if the step {@link #isRecorded}
   */
  <T> void complete(T value, TypeSerializer<T> serializer) {
    end(value == null ? NoValue.INSTANCE : new Live<>(value, serializer));
  }

  /** Sets the failure, unless there is an outcome already. */
  void fail(Exception cause, int attempts) {
    end(new Failed(name, cause.getClass().getName(), cause.getMessage(), attempts, cause));
  }

  private void end(Outcome reached) {
    Outcome kept = reached;
    if (recorder != null) {
      try {
        kept = reached.stored();
      } catch (IOException | RuntimeException notSerializable) {
        // The next checkpoint fails by it and says so.
        kept = reached;
      }
    }
    if (outcome.compareAndSet(null, kept) && recorder != null) {
      recorder.record(this).thenRun(() -> recorded.complete(null));
    }
  }

  /** Takes over the outcome of the same step of an earlier run. */
  void answer(Step earlier) {
    outcome.compareAndSet(null, earlier.outcome.get());
  }

  boolean isSame(Step other) {
    return isSame(other.kind, other.name, other.type);
  }

  /**
   * Returns a copy of the value.
   *
   * @throws CallFailedException if that is the outcome
   */
  <T> T value(TypeSerializer<T> serializer) {
    return outcome.get().value(serializer);
  }

  /** What the function is told: in words, for messages. */
  static String describe(Kind kind, String name, String type) {
    return kind == Kind.CALL ? "call '" + name + "' of type " + type : "the " + name;
  }

  @Override
  public String toString() {
    return describe(kind, name, type);
  }

  void write(DataOutputView out) throws IOException {
    out.writeByte(kind.ordinal());
    StringSerializer.INSTANCE.serialize(name, out);
    StringSerializer.INSTANCE.serialize(type, out);
    Outcome current = outcome.get();
    if (current == null) {
      out.writeByte(OPEN);
      return;
    }
    // What was serialized once is kept in that form: an element may be in many checkpoints.
    Outcome stored = stored(current);
    outcome.set(stored);
    stored.write(out);
  }

  private Outcome stored(Outcome current) throws IOException {
    try {
      return current.stored();
    } catch (IOException | RuntimeException failed) {
      throw new IOException(
          "The outcome of " + this + " cannot be written to a checkpoint", failed);
    }
  }

  static Step read(DataInputView in) throws IOException {
    Kind kind = Kind.values()[in.readByte()];
    Step step =
        new Step(
            kind,
            StringSerializer.INSTANCE.deserialize(in),
            StringSerializer.INSTANCE.deserialize(in));
    byte state = in.readByte();
    if (state == VALUE) {
      byte[] bytes = new byte[in.readInt()];
      in.readFully(bytes);
      step.outcome.set(new Stored(bytes));
    } else if (state == NULL) {
      step.outcome.set(NoValue.INSTANCE);
    } else if (state == FAILURE) {
      step.outcome.set(Failed.read(step.name, in));
    }
    return step;
  }

  private interface Outcome {
    <T> T value(TypeSerializer<T> serializer);

    default Outcome stored() throws IOException {
      return this;
    }

    void write(DataOutputView out) throws IOException;
  }

  private static final class Live<V> implements Outcome {
    private final V value;
    private final TypeSerializer<V> serializer;

    Live(V value, TypeSerializer<V> serializer) {
      this.value = value;
      this.serializer = serializer;
    }

    // The type of a step is compared before its value is asked for.
    @Override
    @SuppressWarnings("unchecked")
    public <T> T value(TypeSerializer<T> ignored) {
      return (T) serializer.copy(value);
    }

    @Override
    public Outcome stored() throws IOException {
      DataOutputSerializer bytes = new DataOutputSerializer(64);
      serializer.serialize(value, bytes);
      return new Stored(bytes.getCopyOfBuffer());
    }

    @Override
    public void write(DataOutputView out) {
      throw new IllegalStateException("only a stored outcome is written");
    }
  }

  private static final class Stored implements Outcome {
    private final byte[] bytes;

    Stored(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public <T> T value(TypeSerializer<T> serializer) {
      try {
        return serializer.deserialize(new DataInputDeserializer(bytes));
      } catch (IOException unreadable) {
        throw new IllegalStateException(
            "A recorded result cannot be read by " + serializer.getClass().getName(), unreadable);
      }
    }

    @Override
    public void write(DataOutputView out) throws IOException {
      out.writeByte(VALUE);
      out.writeInt(bytes.length);
      out.write(bytes);
    }
  }

  private enum NoValue implements Outcome {
    INSTANCE;

    @Override
    public <T> T value(TypeSerializer<T> serializer) {
      return null;
    }

    @Override
    public void write(DataOutputView out) throws IOException {
      out.writeByte(NULL);
    }
  }

  private static final class Failed implements Outcome {
    private final String call;
    private final String type;
    private final String message;
    private final int attempts;
    private final Throwable cause;

    Failed(String call, String type, String message, int attempts, Throwable cause) {
      this.call = call;
      this.type = type;
      this.message = message;
      this.attempts = attempts;
      this.cause = cause;
    }

    static Failed read(String call, DataInputView in) throws IOException {
      return new Failed(
          call,
          StringSerializer.INSTANCE.deserialize(in),
          StringSerializer.INSTANCE.deserialize(in),
          in.readInt(),
          null);
    }

    @Override
    public <T> T value(TypeSerializer<T> serializer) {
      throw new CallFailedException(call, type, message, attempts, cause);
    }

    @Override
    public void write(DataOutputView out) throws IOException {
      out.writeByte(FAILURE);
      StringSerializer.INSTANCE.serialize(type, out);
      StringSerializer.INSTANCE.serialize(message, out);
      out.writeInt(attempts);
    }
  }
}
