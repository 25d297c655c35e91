// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

/**
 * Faults and counts of the native test library {@code libfermata_test.so}, which is loaded in place
 * of the shipped one by {@code -Dfermata.native.path}. With any other library every method throws
 * {@link UnsatisfiedLinkError}.
 */
public final class FaultInjection {
  /** Where a fault can happen; the native side has the same names in {@code fault_injection}. */
  public enum Point {
    /** The next native panics. */
    PanicAtEntry,
    /** The next worker, or journal's thread, panics before it calls Java. */
    PanicBeforeUpcall,
    /** The next worker panics after it called Java. */
    PanicAfterUpcall,
    /** The next upcall returns with a Java exception pending. */
    ExceptionAfterUpcall,
    /** The next engine thread cannot be attached to the JVM. */
    AttachFails,
    /** The next submit is refused by the engine. */
    SubmitFails,
    /** The operating system refuses the next thread. */
    SpawnFails,
    /** The storage of a journal has no room for the next batch. */
    WriteFails,
    /** The storage of a journal fails to sync the next time. */
    SyncFails,
    /** A journal's thread panics before it writes the next batch. */
    PanicInWriter,
    /** The storage of a journal does not answer before this is disarmed. */
    StorageHangs
  }

  private FaultInjection() {}

  /**
   * Lets a fault happen from now on.
   *
   * @param point where
   * @param times how often; 0 disarms
   */
  public static void arm(Point point, int times) {
    if (!arm(point.name(), times)) {
      throw new IllegalArgumentException("The test library has no point " + point);
    }
  }

  private static native boolean arm(String point, int times);

  /**
   * Returns how many global references native code of this class loader's library holds.
   *
   * @return the number; 0 once all engines are closed and their threads have ended
   */
  public static native long liveGlobalReferences();

  /**
   * Returns how many weak global references native code of this class loader's library holds.
   *
   * @return the number; 1 while the library is loaded, for the log bridge
   */
  public static native long liveWeakReferences();

  /**
   * Lets the library append a line with its two counts to a file when it is unloaded.
   *
   * @param file the file
   */
  public static native void reportAtUnload(String file);
}
