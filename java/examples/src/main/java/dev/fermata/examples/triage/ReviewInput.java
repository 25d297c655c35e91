// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The reviews of one file, and what was wrong with its other lines. Immutable.
 *
 * <p>Two formats, in UTF-8, of which the first line tells:
 *
 * <ul>
 *   <li>JSON lines: objects with {@code text}, and optionally {@code id} and {@code rating};
 *   <li>tab-separated: {@code text}, or {@code id} and {@code text}, or {@code id}, {@code rating}
 *       and {@code text}, the same in all lines; or any columns with a first line that names them.
 * </ul>
 *
 * <p>A rating is a number from -4 (most negative) to 4. A review without an id gets its line
 * number. Blank lines are passed over; any other line that is no review is a {@link BadLine}.
 */
final class ReviewInput {
  private static final ObjectReader JSON = new ObjectMapper().reader();
  private static final double MAX_RATING = 4;

  private final String source;
  private final List<Review> reviews = new ArrayList<>();
  private final List<BadLine> badLines = new ArrayList<>();

  /** Names of the tab-separated columns; null before the first line, and of JSON lines. */
  private List<String> columns;

  private boolean jsonLines;

  private ReviewInput(String source) {
    this.source = source;
  }

  /** A line that is no review. Immutable. */
  static final class BadLine {
    private final String source;
    private final int line;
    private final String reason;

    private BadLine(String source, int line, String reason) {
      this.source = source;
      this.line = line;
      this.reason = reason;
    }

    @Override
    public String toString() {
      return source + ":" + line + ": " + reason;
    }
  }

  /**
   * Reads a file.
   *
   * @throws InputException if it cannot be read or holds no review
   */
  static ReviewInput of(Path file) throws InputException {
    try (InputStream bytes = Files.newInputStream(file)) {
      return of(file.toString(), bytes);
    } catch (NoSuchFileException e) {
      throw new InputException(file + ": no such file; INPUT names the file to read", e);
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads reviews from a stream, to its end.
   *
   * @param source what to call the stream in messages
   * @throws InputException if it holds no review
   * @throws IOException if it cannot be read
   */
  static ReviewInput of(String source, InputStream bytes) throws InputException, IOException {
    ReviewInput input = new ReviewInput(source);
    // One character for each byte: malformed UTF-8 is then found line by line.
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(bytes, StandardCharsets.ISO_8859_1));
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      input.add(++number, line);
    }
    if (input.reviews.isEmpty()) {
      throw new InputException(
          source
              + (input.badLines.isEmpty()
                  ? ": is empty"
                  : ": none of its lines is a review; the first of them, " + input.badLines.get(0))
              + "; expected tab-separated id, rating and text, or JSON lines with \"text\"");
    }
    return input;
  }

  String source() {
    return source;
  }

  List<Review> reviews() {
    return Collections.unmodifiableList(reviews);
  }

  List<BadLine> badLines() {
    return Collections.unmodifiableList(badLines);
  }

  private void add(int number, String bytes) {
    try {
      String line = decode(bytes);
      if (line.isBlank()) {
        return;
      }
      if (!jsonLines && columns == null && isHeader(line)) {
        return;
      }
      reviews.add(jsonLines ? fromJson(number, line) : fromCells(number, cells(line)));
    } catch (BadLineException e) {
      badLines.add(new BadLine(source, number, e.getMessage()));
    }
  }

  private static String decode(String bytes) throws BadLineException {
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1));
      String line = StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
      if (line.chars().anyMatch(c -> c != '\t' && Character.isISOControl(c))) {
        throw new BadLineException("holds control characters");
      }
      return line.startsWith("\uFEFF") ? line.substring(1) : line;
    } catch (CharacterCodingException e) {
      throw new BadLineException("not UTF-8");
    }
  }

  private Review fromJson(int number, String line) throws BadLineException {
    JsonNode object;
    try {
      object = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new BadLineException("not JSON: " + e.getOriginalMessage());
    }
    JsonNode rating = object.path("rating");
    return review(
        object.path("id").asText(String.valueOf(number)),
        rating.isMissingNode() || rating.isNull() ? null : rating.asText(),
        object.path("text").asText(""));
  }

  /** Learns the format from the first line, and says whether that line holds but names. */
  private boolean isHeader(String line) throws BadLineException {
    if (line.stripLeading().startsWith("{")) {
      jsonLines = true;
      return false;
    }
    List<String> names = cells(line.toLowerCase(Locale.ROOT));
    boolean header = names.contains("text");
    columns = header ? names : usualColumns(names.size());
    return header;
  }

  private Review fromCells(int number, List<String> cells) throws BadLineException {
    if (cells.size() != columns.size()) {
      throw new BadLineException("columns: " + cells.size() + ", expected " + columns.size());
    }
    int id = columns.indexOf("id");
    int rating = columns.indexOf("rating");
    return review(
        id < 0 ? String.valueOf(number) : cells.get(id),
        rating < 0 ? null : cells.get(rating),
        cells.get(columns.indexOf("text")));
  }

  private static List<String> usualColumns(int count) throws BadLineException {
    switch (count) {
      case 1:
        return List.of("text");
      case 2:
        return List.of("id", "text");
      case 3:
        return List.of("id", "rating", "text");
      default:
        throw new BadLineException("columns: " + count + ", expected id, rating and text");
    }
  }

  private static List<String> cells(String line) {
    return Arrays.stream(line.split("\t", -1)).map(String::strip).collect(Collectors.toList());
  }

  private Review review(String id, String rating, String text) throws BadLineException {
    if (text.isBlank()) {
      throw new BadLineException("no text");
    }
    return new Review(reviews.size(), id, rating == null ? null : rating(rating), text.strip());
  }

  private static Double rating(String text) throws BadLineException {
    try {
      double rating = Double.parseDouble(text.strip());
      if (Math.abs(rating) <= MAX_RATING) {
        return rating;
      }
    } catch (NumberFormatException e) {
      throw new BadLineException("rating \"" + text + "\" is not a number");
    }
    throw new BadLineException("rating " + text + " is not between -4 and 4");
  }

  private static final class BadLineException extends Exception {
    private static final long serialVersionUID = 1L;

    BadLineException(String reason) {
      super(reason);
    }
  }
}
