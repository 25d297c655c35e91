// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.examples.triage.Figures.Agreement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The figures of a run in words, the same for the terminal and the page. Immutable. */
final class Report {
  private final List<Row> rows = new ArrayList<>();

  /** One figure: what it is, its value, and a remark that may be empty. Immutable. */
  static final class Row {
    final String label;
    final String value;
    final String remark;

    private Row(String label, String value, String remark) {
      this.label = label;
      this.value = value;
      this.remark = remark;
    }
  }

  Report(Figures figures) {
    row(
        "reviews",
        number(figures.reviews),
        number(figures.negative)
            + " judged negative and answered"
            + (figures.failed == 0 ? "" : ", " + number(figures.failed) + " failed"));
    row("model calls", number(figures.calls), "");
    if (figures.replayed > 0) {
      row(
          "replayed",
          number(figures.replayed),
          "more were answered from the journal, and not made");
    }
    row("wall time", Durations.text(figures.wallTime), "");
    row(
        "sequential time",
        Durations.text(figures.sequentialTime),
        format("%.1f times the wall time: as many calls of ", figures.speedUp())
            + Durations.text(figures.callAlone)
            + ", as they take alone");
    row(
        "time in calls",
        Durations.text(figures.timeInCalls),
        "all durations added up; they grow where calls crowd the cores");
    row("most in flight", number(figures.mostInFlight), "calls at once");
    row(
        "threads then",
        number(figures.threadsThen),
        "of the process; " + number(figures.mostThreads) + " at most");
    row(
        "threads that waited",
        number(figures.heldThen),
        "beside the owners; a blocking client holds one for each call: "
            + number(figures.mostInFlight));
    if (figures.checkpoints > 0) {
      row("checkpoints", number(figures.checkpoints), "completed meanwhile");
    }
    row("overlapping pairs", number(figures.overlappingPairs), "");
    row(
        "call duration",
        Durations.text(figures.duration(0.5)) + " median",
        Durations.text(figures.duration(0.95))
            + " 95th percentile, "
            + Durations.text(figures.duration(1))
            + " longest");
    row(
        "owners' CPU, waiting",
        figures.waitingTime == 0 ? "not seen" : percent(figures.waitingCpu, figures.waitingTime),
        "of a core, in "
            + Durations.text(figures.waitingTime)
            + " in which calls were in flight and none began or ended");
    row(
        "owners' CPU, whole run",
        percent(figures.ownerCpu, figures.wallTime),
        "of a core: " + Durations.text(figures.ownerCpu));
    agreement("agreement with people", figures.agreement, "rated reviews");
    agreement(
        "where they were clear", figures.clearAgreement, "reviews rated 1 or more, either way");
  }

  List<Row> rows() {
    return Collections.unmodifiableList(rows);
  }

  /** The rows as aligned lines. */
  String table() {
    int labels = rows.stream().mapToInt(row -> row.label.length()).max().orElse(0);
    int values = rows.stream().mapToInt(row -> row.value.length()).max().orElse(0);
    String line = "  %-" + labels + "s  %" + values + "s  %s";
    return rows.stream()
        .map(row -> format(line, row.label, row.value, row.remark).stripTrailing())
        .collect(Collectors.joining(System.lineSeparator()));
  }

  private void agreement(String label, Agreement agreement, String which) {
    if (agreement.rated > 0) {
      row(
          label,
          format("%.1f %%", 100 * agreement.share()),
          "of "
              + number(agreement.rated)
              + " "
              + which
              + format(" (one answer for all: %.1f %%)", 100 * agreement.majorityShare()));
    }
  }

  private void row(String label, String value, String remark) {
    rows.add(new Row(label, value, remark));
  }

  private static String percent(long part, long whole) {
    return format("%.2f %%", 100.0 * part / whole);
  }

  private static String number(long value) {
    return format("%,d", value);
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
