// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The call sites at which actions were found pinned; logs each of them once.
 *
 * <p>Keeps text only, so it pins no class, and at most {@link #MAX_SITES} of them. Thread-safe.
 */
public final class PinnedSites {
  /** Sites beyond these are not logged. */
  static final int MAX_SITES = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(PinnedSites.class);
  private static final String API_PACKAGE = "dev.fermata";
  private static final String INTERNAL_PACKAGES = "dev.fermata.internal.";

  private final Set<String> logged = new HashSet<>();

  /**
   * Reports that the current thread's action cannot be suspended here. The call site is the
   * innermost frame outside Fermata.
   *
   * @param reason why, as the end of a sentence that begins "because"
   * @param remedy what to change, as a sentence
   */
  public void report(String reason, String remedy) {
    String site = StackWalker.getInstance().walk(PinnedSites::callSite);
    boolean last;
    synchronized (logged) {
      if (logged.size() == MAX_SITES || !logged.add(site)) {
        return;
      }
      last = logged.size() == MAX_SITES;
    }
    LOG.warn(
        "An action could not be suspended at {} because {}: the call ran in place and held the"
            + " owner until it was done. {} Logged once for this call site.",
        site,
        reason,
        remedy);
    if (last) {
      LOG.warn("{} call sites were pinned; further ones are counted but not logged.", MAX_SITES);
    }
  }

  private static String callSite(Stream<StackWalker.StackFrame> frames) {
    return frames
        .filter(frame -> !isOwn(frame.getClassName()))
        .findFirst()
        .map(frame -> frame.toStackTraceElement().toString())
        .orElse("an unknown place");
  }

  /** Examples and other modules are users too, so only the runtime's own packages count. */
  private static boolean isOwn(String className) {
    return className.startsWith(INTERNAL_PACKAGES)
        || className.substring(0, Math.max(0, className.lastIndexOf('.'))).equals(API_PACKAGE);
  }
}
