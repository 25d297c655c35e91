// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.loader;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.internal.bridge.LogBridge;
import dev.fermata.internal.bridge.NativeEngine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native library of this class loader. It is loaded by the first call of {@link #load}, once,
 * from the resource of the platform's native jar; the JVM unloads it with the class loader.
 *
 * <p>System properties, read once:
 *
 * <ul>
 *   <li>{@code fermata.native}: {@code auto} (default) loads the library if that is possible,
 *       {@code required} makes {@link #load} throw if it is not, {@code off} does not try;
 *   <li>{@code fermata.native.path}: absolute path of a library to load in place of the resource;
 *   <li>{@code fermata.native.tmpdir}: folder for the private copy of the library, in place of
 *       {@code java.io.tmpdir}; it must allow execution.
 * </ul>
 *
 * <p>Thread-safe. A failure is logged as one WARN that names reason and remedy.
 */
public final class NativeLibrary {
  static final String MODE_PROPERTY = "fermata.native";
  static final String PATH_PROPERTY = "fermata.native.path";
  static final String TMPDIR_PROPERTY = "fermata.native.tmpdir";

  private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);

  /**
   * Loads when it is initialised: at the first {@link NativeLibrary#load}, under the JVM's lock.
   */
  private static final class Once {
    static final String MODE = System.getProperty(MODE_PROPERTY, "auto");
    static final Status STATUS = attempt(MODE);
  }

  private NativeLibrary() {}

  /**
   * Loads the native library if that was not yet tried, and tells how it went.
   *
   * @return whether the library is loaded, and if not, why
   * @throws FermataException of kind {@link ErrorKind#NATIVE_LIBRARY} if {@code
   *     -Dfermata.native=required} and the library is not loaded, on each call
   * @throws IllegalArgumentException if {@code fermata.native} has another value than described, on
   *     each call
   */
  public static Status load() {
    Status status = Once.STATUS;
    switch (Once.MODE) {
      case "auto":
      case "off":
        return status;
      case "required":
        if (status.isLoaded()) {
          return status;
        }
        throw new FermataException(
            ErrorKind.NATIVE_LIBRARY,
            status.describeFailure() + " (or drop -D" + MODE_PROPERTY + "=required)",
            status.cause);
      default:
        throw new IllegalArgumentException(status.describeFailure());
    }
  }

  private static Status attempt(String mode) {
    try {
      switch (mode) {
        case "off":
          throw new LoadFailure(
              "it is switched off by -D" + MODE_PROPERTY + "=off", "remove that option", null);
        case "auto":
        case "required":
          Status status = loadLibrary(ownVersion());
          LOG.debug("Loaded the native library {} from {}", status.version(), status.path());
          return status;
        default:
          throw new LoadFailure(
              "-D" + MODE_PROPERTY + " is '" + mode + "'", "use auto, required or off", null);
      }
    } catch (LoadFailure failure) {
      return report(mode, failure);
    } catch (RuntimeException | LinkageError e) {
      return report(mode, new LoadFailure("loading it failed: " + e, "report this to Fermata", e));
    }
  }

  private static Status report(String mode, LoadFailure failure) {
    Status status = Status.failed(failure);
    if (mode.equals("auto")) {
      LOG.warn("{}. Until then actions run one after another.", status.describeFailure());
    } else {
      LOG.info("{}", status.describeFailure());
    }
    LOG.debug("The failure in full", failure);
    return status;
  }

  private static Status loadLibrary(String version) throws LoadFailure {
    String given = System.getProperty(PATH_PROPERTY);
    Path path = given == null ? loadResource(version) : loadFile(Path.of(given));
    String found = boundVersion(path);
    if (!version.equals(found)) {
      throw new LoadFailure(
          path + " has version " + found + ", but the classes have version " + version,
          "use the library of version " + version,
          null);
    }
    LogBridge.adjustLevel();
    return Status.loaded(path, found);
  }

  private static Path loadResource(String version) throws LoadFailure {
    LibraryResource resource =
        LibraryResource.find(NativeLibrary.class.getClassLoader(), Platform.current(), version);
    try (InputStream in = resource.open()) {
      return loadCopy(in, resource.toString(), resource.sha256());
    } catch (IOException e) {
      throw new LoadFailure(resource + " could not be read: " + e, "replace the damaged jar", e);
    }
  }

  private static Path loadFile(Path file) throws LoadFailure {
    if (!file.isAbsolute() || !Files.isReadable(file)) {
      throw new LoadFailure(
          "-D" + PATH_PROPERTY + "=" + file + " is not the absolute path of a readable file",
          "correct the path",
          null);
    }
    try {
      link(file);
      return file;
    } catch (AlreadyLoaded e) {
      try (InputStream in = Files.newInputStream(file)) {
        return loadCopy(in, file.toString(), null);
      } catch (IOException unreadable) {
        throw new LoadFailure(file + " could not be read: " + unreadable, "check it", unreadable);
      }
    }
  }

  /**
   * Loads a private copy of a library.
   *
   * @param sha256 the checksum it must have, or {@code null} for a file that the user vouches for
   */
  private static Path loadCopy(InputStream source, String name, String sha256) throws LoadFailure {
    Path parent =
        Path.of(System.getProperty(TMPDIR_PROPERTY, System.getProperty("java.io.tmpdir")));
    try (PrivateCopy copy = new PrivateCopy(parent)) {
      String found = copy.write(source);
      if (sha256 != null && !sha256.equals(found)) {
        throw new LoadFailure(
            name + " is corrupt: its SHA-256 is " + found + ", it should be " + sha256,
            "replace the damaged jar",
            null);
      }
      link(copy.file());
      return copy.file();
    } catch (IOException e) {
      throw new LoadFailure(
          name + " could not be copied into " + parent + ": " + e,
          "name a folder that can be written by -D" + TMPDIR_PROPERTY,
          e);
    } catch (AlreadyLoaded e) {
      throw new AssertionError("A new file cannot belong to another class loader", e);
    }
  }

  /** The file belongs to another class loader of this JVM. */
  private static final class AlreadyLoaded extends Exception {
    private static final long serialVersionUID = 1L;

    AlreadyLoaded(Throwable cause) {
      super(cause);
    }
  }

  private static void link(Path file) throws LoadFailure, AlreadyLoaded {
    try {
      System.load(file.toString());
    } catch (IllegalCallerException e) {
      Module module = NativeLibrary.class.getModule();
      throw new LoadFailure(
          "the JVM forbids native libraries (--illegal-native-access=deny): " + e.getMessage(),
          "start it with --enable-native-access="
              + (module.isNamed() ? module.getName() : "ALL-UNNAMED"),
          e);
    } catch (LinkageError e) {
      // The JVM and the dynamic linker tell these cases apart by message only.
      String message = String.valueOf(e.getMessage());
      if (message.contains("already loaded in another classloader")) {
        throw new AlreadyLoaded(e);
      }
      throw new LoadFailure("the system refused it: " + message, remedyFor(message), e);
    }
  }

  private static String remedyFor(String message) {
    if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
      return "its folder is probably mounted noexec: name another by -D" + TMPDIR_PROPERTY;
    }
    if (message.contains("GLIBC_")) {
      return "use a library that was built for this or an older version of glibc";
    }
    return "use the native jar that fits this platform";
  }

  private static String boundVersion(Path path) throws LoadFailure {
    try {
      return NativeEngine.libraryVersion();
    } catch (UnsatisfiedLinkError e) {
      throw new LoadFailure(path + " is not the library of Fermata", "correct the path", e);
    }
  }

  private static String ownVersion() throws LoadFailure {
    try {
      return ClassesVersion.read();
    } catch (IOException e) {
      throw new LoadFailure(
          "the version of the classes is unknown: " + e, "use the unchanged jar of Fermata", e);
    }
  }

  /** How loading went. */
  public static final class Status {
    private final Path path;
    private final String version;
    private final String reason;
    private final String remedy;
    private final Throwable cause;

    private Status(Path path, String version, String reason, String remedy, Throwable cause) {
      this.path = path;
      this.version = version;
      this.reason = reason;
      this.remedy = remedy;
      this.cause = cause;
    }

    private static Status loaded(Path path, String version) {
      return new Status(path, version, null, null, null);
    }

    private static Status failed(LoadFailure failure) {
      return new Status(null, null, failure.getMessage(), failure.remedy(), failure.getCause());
    }

    /**
     * Returns whether the natives can be called.
     *
     * @return {@code true} if the library is loaded and has the right version
     */
    public boolean isLoaded() {
      return reason == null;
    }

    /**
     * Returns the file that was loaded. Unless it was given by {@code fermata.native.path} it is a
     * private copy that is deleted already.
     *
     * @return the file, or {@code null} if the library is not loaded
     */
    public Path path() {
      return path;
    }

    /**
     * Returns the version of the library.
     *
     * @return the version, or {@code null} if the library is not loaded
     */
    public String version() {
      return version;
    }

    /**
     * Returns why the library is not loaded.
     *
     * @return a clause, or {@code null} if it is loaded
     */
    public String reason() {
      return reason;
    }

    /**
     * Returns what the user can do about it.
     *
     * @return a clause, or {@code null} if the library is loaded
     */
    public String remedy() {
      return remedy;
    }

    private String describeFailure() {
      return "The native library is not loaded: " + reason + ". Remedy: " + remedy;
    }

    @Override
    public String toString() {
      return isLoaded() ? "native library " + version + " from " + path : describeFailure();
    }
  }
}
