// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import java.util.Arrays;
import java.util.Objects;

/**
 * One thing that happened to an action, as a {@link Journal} remembers it: one of the nested
 * classes.
 *
 * <p>An action is named by whoever runs it. Its calls and values are told apart by their
 * <em>place</em>: their position in the action, counted by the action, an unsigned number. Of
 * several records of one place the last one counts.
 *
 * <p>Immutable; arrays are copied. Records are equal if a journal writes the same for both. {@link
 * #toString} tells the lengths of what users recorded, not the contents, which may be secret.
 */
public abstract class JournalRecord {
  private final String action;

  private JournalRecord(String action) {
    this.action = unicode(action, "action");
  }

  /**
   * Returns whose record this is.
   *
   * @return the id of the action
   */
  public final String action() {
    return action;
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof JournalRecord
        && Arrays.equals(FlatRecord.encode(this), FlatRecord.encode((JournalRecord) other));
  }

  @Override
  public final int hashCode() {
    return Arrays.hashCode(FlatRecord.encode(this));
  }

  @Override
  public final String toString() {
    return getClass().getSimpleName() + "(" + action + details() + ")";
  }

  abstract void write(FlatRecord.Writer to);

  /** What {@link #toString} says beside the action: begins with a comma, or is empty. */
  abstract String details();

  /** Names are found again by their text, so none may change on its way through UTF-8. */
  private static String unicode(String name, String what) {
    for (int i = 0; i < name.length(); i++) {
      char unit = name.charAt(i);
      if (Character.isSurrogate(unit)) {
        boolean pair = i + 1 < name.length() && Character.isSurrogatePair(unit, name.charAt(i + 1));
        if (!pair) {
          throw new IllegalArgumentException(
              what + " is no Unicode text: half a surrogate pair at " + i);
        }
        i++;
      }
    }
    return name;
  }

  private static String placed(long place) {
    return ", place " + Long.toUnsignedString(place);
  }

  /** An action began. */
  public static final class ActionStarted extends JournalRecord {
    private final byte[] digest;

    /**
     * Creates the record.
     *
     * @param action id of the action
     * @param digest digest of what the action was given, in whatever form its maker likes
     * @throws IllegalArgumentException if the id has half a surrogate pair
     */
    public ActionStarted(String action, byte[] digest) {
      super(action);
      this.digest = digest.clone();
    }

    /**
     * Returns the digest of what the action was given.
     *
     * @return a new array
     */
    public byte[] digest() {
      return digest.clone();
    }

    @Override
    void write(FlatRecord.Writer to) {
      to.sort(FlatRecord.ACTION_STARTED).text(action()).bytes(digest);
    }

    @Override
    String details() {
      return ", digest of " + digest.length + " bytes";
    }
  }

  /** A call is about to run. */
  public static final class CallStarted extends JournalRecord {
    private final long place;
    private final String function;
    private final byte[] arguments;

    /**
     * Creates the record.
     *
     * @param action id of the action
     * @param place position of the call in its action
     * @param function what is called
     * @param arguments digest of its arguments
     * @throws IllegalArgumentException if a name has half a surrogate pair
     */
    public CallStarted(String action, long place, String function, byte[] arguments) {
      super(action);
      this.place = place;
      this.function = unicode(function, "function");
      this.arguments = arguments.clone();
    }

    /**
     * Returns the position of the call in its action.
     *
     * @return an unsigned number
     */
    public long place() {
      return place;
    }

    /**
     * Returns what is called.
     *
     * @return the function's name
     */
    public String function() {
      return function;
    }

    /**
     * Returns the digest of the arguments.
     *
     * @return a new array
     */
    public byte[] arguments() {
      return arguments.clone();
    }

    @Override
    void write(FlatRecord.Writer to) {
      to.sort(FlatRecord.CALL_STARTED).text(action()).number(place).text(function).bytes(arguments);
    }

    @Override
    String details() {
      return placed(place) + ", " + function;
    }
  }

  /** A call ended: with a value or with an exception. */
  public static final class CallFinished extends JournalRecord {
    private final long place;
    private final byte[] value;
    private final RecordedException exception;

    /**
     * Creates the record of a call that returned.
     *
     * @param action id of the action
     * @param place position of the call in its action
     * @param value the result, serialised by whoever records it
     * @throws IllegalArgumentException if the id has half a surrogate pair
     */
    public CallFinished(String action, long place, byte[] value) {
      super(action);
      this.place = place;
      this.value = value.clone();
      this.exception = null;
    }

    /**
     * Creates the record of a call that threw.
     *
     * @param action id of the action
     * @param place position of the call in its action
     * @param exception what it threw
     * @throws IllegalArgumentException if the id has half a surrogate pair
     */
    public CallFinished(String action, long place, RecordedException exception) {
      super(action);
      this.place = place;
      this.value = null;
      this.exception = Objects.requireNonNull(exception, "exception");
    }

    /**
     * Returns the position of the call in its action.
     *
     * @return an unsigned number
     */
    public long place() {
      return place;
    }

    /**
     * Returns what the call returned.
     *
     * @return a new array, or {@code null} if it threw
     */
    public byte[] value() {
      return value == null ? null : value.clone();
    }

    /**
     * Returns what the call threw.
     *
     * @return the exception, or {@code null} if it returned
     */
    public RecordedException exception() {
      return exception;
    }

    @Override
    void write(FlatRecord.Writer to) {
      to.sort(FlatRecord.CALL_FINISHED).text(action()).number(place);
      if (value != null) {
        to.sort(FlatRecord.RETURNED).bytes(value);
      } else {
        exception.write(to);
      }
    }

    @Override
    String details() {
      return placed(place)
          + (value == null ? ", " + exception.type() : ", value of " + value.length + " bytes");
    }
  }

  /** An action learnt something that another run of it would learn differently. */
  public static final class ValueRecorded extends JournalRecord {
    /** What was learnt. */
    public enum Kind {
      /** The time, in nanoseconds since 1970 in UTC. */
      NOW,
      /** 64 random bits. */
      RANDOM,
      /** When a sleep ends, in nanoseconds since 1970 in UTC. */
      SLEEP,
      /**
       * Which of several calls the action went on with; what the number means its maker decides.
       */
      CHOSEN
    }

    private final long place;
    private final Kind kind;
    private final long value;

    /**
     * Creates the record.
     *
     * @param action id of the action
     * @param place position of the value in its action
     * @param kind what was learnt
     * @param value the value, as its kind says
     * @throws IllegalArgumentException if the id has half a surrogate pair
     */
    public ValueRecorded(String action, long place, Kind kind, long value) {
      super(action);
      this.place = place;
      this.kind = Objects.requireNonNull(kind, "kind");
      this.value = value;
    }

    /**
     * Returns the position of the value in its action.
     *
     * @return an unsigned number
     */
    public long place() {
      return place;
    }

    /**
     * Returns what was learnt.
     *
     * @return the kind
     */
    public Kind kind() {
      return kind;
    }

    /**
     * Returns the value.
     *
     * @return what the {@link #kind} says
     */
    public long value() {
      return value;
    }

    @Override
    void write(FlatRecord.Writer to) {
      to.sort(FlatRecord.VALUE_RECORDED).text(action()).number(place);
      to.sort(kind.ordinal()).number(value);
    }

    @Override
    String details() {
      return placed(place) + ", " + kind;
    }
  }

  /** An action ended: its records are needed no more. */
  public static final class ActionFinished extends JournalRecord {
    /**
     * Creates the record.
     *
     * @param action id of the action
     * @throws IllegalArgumentException if the id has half a surrogate pair
     */
    public ActionFinished(String action) {
      super(action);
    }

    @Override
    void write(FlatRecord.Writer to) {
      to.sort(FlatRecord.ACTION_FINISHED).text(action());
    }

    @Override
    String details() {
      return "";
    }
  }

  /** What is kept of an exception. Immutable. */
  public static final class RecordedException {
    private final String type;
    private final String message;
    private final String stack;

    /**
     * Creates the description of an exception.
     *
     * @param type name of its class
     * @param message its message, or {@code null}
     * @param stack its stack trace as text
     */
    public RecordedException(String type, String message, String stack) {
      this.type = Objects.requireNonNull(type, "type");
      this.message = message;
      this.stack = Objects.requireNonNull(stack, "stack");
    }

    private void write(FlatRecord.Writer to) {
      to.sort(message == null ? FlatRecord.THREW_WITHOUT_MESSAGE : FlatRecord.THREW).text(type);
      if (message != null) {
        to.text(message);
      }
      to.text(stack);
    }

    /**
     * Returns the name of the exception's class.
     *
     * @return the name, which need not be that of a class that is there
     */
    public String type() {
      return type;
    }

    /**
     * Returns the exception's message.
     *
     * @return the message, or {@code null} if it had none
     */
    public String message() {
      return message;
    }

    /**
     * Returns the exception's stack trace.
     *
     * @return text
     */
    public String stack() {
      return stack;
    }
  }
}
