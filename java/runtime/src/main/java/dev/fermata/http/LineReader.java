// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;

/**
 * Lines of a stream of bytes, as a {@code BufferedReader} finds them: each ends with a line feed, a
 * carriage return or both, the last one also with the stream; what is malformed is replaced. Unlike
 * that one it has no monitor, under which an action could not be suspended. For one thread.
 */
final class LineReader {
  /** Bytes and characters at a time; there may be thousands of readers. */
  private static final int CAPACITY = 2_048;

  private final InputStream in;
  private final CharsetDecoder decoder;
  private final long maxLength;
  private final ByteBuffer bytes = ByteBuffer.allocate(CAPACITY).flip();
  private final CharBuffer chars = CharBuffer.allocate(CAPACITY).flip();
  private final StringBuilder line = new StringBuilder();
  private boolean afterCarriageReturn;
  private boolean wantsBytes = true;
  private boolean ended;
  private boolean flushed;

  /**
   * A reader from where the stream is.
   *
   * @param in is read no further than it has bytes without waiting, and not closed
   * @param charset of the bytes
   * @param maxLength most characters of a line
   */
  LineReader(InputStream in, Charset charset, long maxLength) {
    this.in = in;
    this.maxLength = maxLength;
    decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
  }

  /**
   * Returns the next line; waits as the stream does.
   *
   * @return the line without its end, or {@code null} at the end of the stream
   * @throws IOException if the stream throws it, or if the line is too long
   */
  String next() throws IOException {
    while (chars.hasRemaining() || decode()) {
      if (afterCarriageReturn) {
        afterCarriageReturn = false;
        if (chars.get(chars.position()) == '\n') {
          chars.get();
          continue;
        }
      }
      int length = lengthOfLine();
      line.append(chars, 0, length);
      chars.position(chars.position() + length);
      if (line.length() > maxLength) {
        throw new IOException(
            "A line of the response is longer than the "
                + maxLength
                + " characters that its reader allows");
      }
      if (chars.hasRemaining()) {
        afterCarriageReturn = chars.get() == '\r';
        return take();
      }
    }
    return line.length() == 0 ? null : take();
  }

  /** How many characters come before the next end of a line, or of those that are decoded. */
  private int lengthOfLine() {
    int at = chars.position();
    while (at < chars.limit() && chars.get(at) != '\n' && chars.get(at) != '\r') {
      at++;
    }
    return at - chars.position();
  }

  private String take() {
    String taken = line.toString();
    line.setLength(0);
    return taken;
  }

  /** Decodes more characters; returns whether there are any. */
  private boolean decode() throws IOException {
    chars.clear();
    try {
      while (chars.position() == 0 && !flushed) {
        if (wantsBytes) {
          read();
        }
        wantsBytes = decoder.decode(bytes, chars, ended).isUnderflow();
        if (wantsBytes && ended) {
          flushed = decoder.flush(chars).isUnderflow();
        }
      }
    } finally {
      chars.flip();
    }
    return chars.hasRemaining();
  }

  private void read() throws IOException {
    bytes.compact();
    try {
      int count = in.read(bytes.array(), bytes.position(), bytes.remaining());
      if (count < 0) {
        ended = true;
      } else {
        bytes.position(bytes.position() + count);
      }
    } finally {
      bytes.flip();
    }
  }
}
