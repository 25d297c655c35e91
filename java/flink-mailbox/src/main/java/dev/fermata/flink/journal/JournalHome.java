// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.journal;

import dev.fermata.FermataException;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one operator of one job, as one subtask sees it: each attempt of each subtask has
 * the folder of its journal in there.
 *
 * <p>A folder is named after the key groups of its subtask. At any time the subtasks of a job have
 * disjoint ones. So what overlaps those of a subtask that restores itself is of an attempt that has
 * ended, or that does not know yet that it has, and none else is its business. The folders of an
 * operator are counted, so that of two attempts with the same key groups the later one is known.
 *
 * <p>Stateless but for the file system; any thread.
 */
public final class JournalHome {
  private static final Logger LOG = LoggerFactory.getLogger(JournalHome.class);
  private static final Pattern NAME =
      Pattern.compile("(\\d+)-groups-(\\d+)-to-(\\d+)-of-(\\d+)-[0-9a-f]+");

  private final Path root;
  private final Path folder;
  private final KeyGroupRange groups;
  private final int maxParallelism;

  private JournalHome(Path root, Path folder, KeyGroupRange groups, int maxParallelism) {
    this.root = root;
    this.folder = folder;
    this.groups = groups;
    this.maxParallelism = maxParallelism;
  }

  /**
   * Reads an option that names the folder which all task managers share. A relative path, or what
   * stands for remote storage elsewhere, would be another folder for each process.
   *
   * @param option name of the option
   * @param text an absolute path or a {@code file:} URI
   * @return the folder as a path
   * @throws IllegalArgumentException if it is neither; the message names the option
   */
  public static Path root(String option, String text) {
    IllegalArgumentException cause = null;
    try {
      Path root = text.startsWith("file:") ? Paths.get(URI.create(text)) : Paths.get(text);
      if (root.isAbsolute()) {
        return root;
      }
    } catch (IllegalArgumentException noPath) {
      cause = noPath;
    }
    throw new IllegalArgumentException(
        option
            + " must be the absolute path of a folder that is mounted as local file systems are, or"
            + " the file: URI of one, but is "
            + text,
        cause);
  }

  /**
   * Names the home of an operator.
   *
   * @param root the folder that all task managers share
   * @param job id of the job
   * @param operator id of the operator
   * @param task the subtask
   * @return its home, which need not exist
   */
  public static JournalHome of(Path root, JobID job, OperatorID operator, TaskInfo task) {
    int maxParallelism = task.getMaxNumberOfParallelSubtasks();
    KeyGroupRange groups =
        KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
            maxParallelism, task.getNumberOfParallelSubtasks(), task.getIndexOfThisSubtask());
    Path folder = root.resolve(job.toString()).resolve(operator.toString());
    return new JournalHome(root, folder, groups, maxParallelism);
  }

  /**
   * Returns the home of another job for the same subtask.
   *
   * @param name of that home
   * @return that home, which need not exist
   */
  public JournalHome named(String name) {
    return new JournalHome(root, root.resolve(name), groups, maxParallelism);
  }

  /** {@return what names this home in its root, wherever that is} */
  public String name() {
    return root.relativize(folder).toString();
  }

  /** {@return the folder} */
  public Path folder() {
    return folder;
  }

  /**
   * Tells whether a key is one of this subtask's.
   *
   * @param keyHash hash code of the key
   * @return whether its key group is among those of the subtask
   */
  public boolean owns(int keyHash) {
    return isAmong(groups, maxParallelism, keyHash);
  }

  private static boolean isAmong(KeyGroupRange groups, int maxParallelism, int keyHash) {
    return groups.contains(
        KeyGroupRangeAssignment.computeKeyGroupForKeyHash(keyHash, maxParallelism));
  }

  /**
   * Finds the journals of attempts that may hold calls for keys of this subtask. Before it has one
   * of its own they are those of earlier attempts.
   *
   * @return their folders, the earliest attempt first; empty if there is no such home
   * @throws IOException if the home cannot be read
   */
  public List<Attempt> earlier() throws IOException {
    return attempts().stream()
        .filter(attempt -> attempt.overlaps(groups, maxParallelism))
        .sorted(Comparator.comparingLong(attempt -> attempt.number))
        .collect(Collectors.toList());
  }

  /**
   * Names the folder of a new attempt, behind all that are there.
   *
   * @return a folder that does not exist
   * @throws IOException if the home cannot be made or read
   */
  public Path next() throws IOException {
    Files.createDirectories(folder);
    long number = attempts().stream().mapToLong(attempt -> attempt.number + 1).max().orElse(1);
    return folder.resolve(
        String.format(
            "%08d-groups-%d-to-%d-of-%d-%s",
            number,
            groups.getStartKeyGroup(),
            groups.getEndKeyGroup(),
            maxParallelism,
            UUID.randomUUID().toString().substring(0, 8)));
  }

  /**
   * Tells whether a later attempt may hold calls for keys of this subtask.
   *
   * @param journal folder of an attempt of this subtask
   * @return whether one is there; not, if that cannot be known
   */
  boolean isTakenOver(Path journal) {
    Matcher name = NAME.matcher(journal.getFileName().toString());
    if (!name.matches()) {
      throw new IllegalArgumentException(journal + " is not the folder of an attempt");
    }
    long number = Long.parseLong(name.group(1));
    try {
      // Two that begin at the same time have the same number.
      return earlier().stream()
          .anyMatch(attempt -> attempt.number >= number && !attempt.journal.equals(journal));
    } catch (IOException unreadable) {
      LOG.warn("The folder {} cannot be read", folder, unreadable);
      return false;
    }
  }

  private List<Attempt> attempts() throws IOException {
    List<Attempt> attempts = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(
          file -> {
            Matcher name = NAME.matcher(file.getFileName().toString());
            if (name.matches()) {
              attempts.add(new Attempt(file, name));
            }
          });
    } catch (NoSuchFileException none) {
      return attempts;
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
    return attempts;
  }

  /** Deletes a folder with all that is in it. */
  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
        Files.delete(file);
      }
    }
  }

  /** The journal of one attempt of one subtask. */
  public final class Attempt {
    private final Path journal;
    private final long number;
    private final KeyGroupRange groups;
    private final int maxParallelism;

    private Attempt(Path journal, Matcher name) {
      this.journal = journal;
      number = Long.parseLong(name.group(1));
      groups = KeyGroupRange.of(Integer.parseInt(name.group(2)), Integer.parseInt(name.group(3)));
      maxParallelism = Integer.parseInt(name.group(4));
    }

    /** {@return the folder of the journal} */
    public Path journal() {
      return journal;
    }

    /** Whether a key, given its hash code, is one of the subtask's whose attempt this is. */
    boolean owns(int keyHash) {
      return isAmong(groups, maxParallelism, keyHash);
    }

    private boolean overlaps(KeyGroupRange others, int ofMaxParallelism) {
      return maxParallelism != ofMaxParallelism
          || groups.getIntersection(others).getNumberOfKeyGroups() > 0;
    }

    /** {@return whether no other subtask has a key that may be in this journal} */
    public boolean isOfThisSubtaskAlone() {
      return maxParallelism == JournalHome.this.maxParallelism
          && JournalHome.this.groups.getIntersection(groups).equals(groups);
    }

    /**
     * Reads the records of the journal in order.
     *
     * @param records is given each record
     * @throws IOException if the journal is damaged or cannot be read; the message says what to do
     */
    void read(Consumer<? super JournalRecord> records) throws IOException {
      try {
        Journal.read(journal, records);
      } catch (FermataException unreadable) {
        throw new IOException(
            "The calls that an earlier attempt recorded in "
                + journal
                + " cannot be read, and without them they would be paid for again: "
                + unreadable.getMessage()
                + ". To go on without them, move that folder away.",
            unreadable);
      } catch (IllegalArgumentException removed) {
        if (Files.exists(journal)) {
          throw removed;
        }
        // An attempt before this one removes what it has taken over.
        LOG.info("The journal {} was removed meanwhile: a later one has what it held", journal);
      }
    }

    /** Removes the journal. What cannot be removed is logged, and is in nobody's way. */
    public void remove() {
      // Renamed first: nobody shall read a part of it.
      Path removed = folder.resolve("removed-" + journal.getFileName());
      try {
        Files.move(journal, removed);
        delete(removed);
      } catch (NoSuchFileException alreadyRemoved) {
        LOG.debug("Another subtask removed {} first", journal);
      } catch (IOException | UncheckedIOException failed) {
        LOG.warn(
            "The journal {} is not needed any more, but stays: {}", journal, failed.toString());
      }
    }

    @Override
    public String toString() {
      return journal.toString();
    }
  }
}
