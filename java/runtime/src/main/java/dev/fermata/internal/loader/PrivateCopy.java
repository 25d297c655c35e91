// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.loader;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.channels.Channels;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of the library that this class loader alone loads: the JVM binds a file to one loader. It
 * lies in a folder of its own that only its owner can enter, so nobody else can exchange it between
 * check and load. {@link #close} deletes both, also while the library is loaded; where a loaded
 * file cannot be deleted (Windows) they stay behind.
 */
final class PrivateCopy implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PrivateCopy.class);

  private final Path folder;
  private final Path file;

  /**
   * Makes the folder for the copy.
   *
   * @param parent the existing folder to make it in
   * @throws IOException if it cannot be made
   */
  PrivateCopy(Path parent) throws IOException {
    folder = Files.createTempDirectory(parent, "fermata-", ownerOnly("rwx------"));
    file = folder.resolve(System.mapLibraryName("fermata"));
  }

  /**
   * Writes the copy.
   *
   * @param source the bytes of the library; not closed
   * @return the SHA-256 checksum of what was written, 64 hexadecimal digits
   * @throws IOException if reading or writing fails
   */
  String write(InputStream source) throws IOException {
    MessageDigest digest = sha256();
    try (OutputStream out =
        new DigestOutputStream(
            Channels.newOutputStream(
                Files.newByteChannel(
                    file,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    ownerOnly("rw-------"))),
            digest)) {
      source.transferTo(out);
    }
    return String.format("%064x", new BigInteger(1, digest.digest()));
  }

  Path file() {
    return file;
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
      Files.delete(folder);
    } catch (IOException e) {
      LOG.debug("The copy {} of the native library stays behind", file, e);
    }
  }

  private static FileAttribute<?>[] ownerOnly(String permissions) {
    if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      return new FileAttribute<?>[0];
    }
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
    };
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }
}
