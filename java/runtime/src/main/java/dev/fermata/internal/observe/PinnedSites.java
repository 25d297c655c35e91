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
 * <p>Keeps text only, so it pins no class, and at most 1,000 of them. Thread-safe.
 */
public final class PinnedSites {
  private static final int MAX_SITES = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(PinnedSites.class);
  private static final String API_PACKAGE = "dev.fermata";
  private static final String INTERNAL_PACKAGES = "dev.fermata.internal.";

  private final Set<String> logged = new HashSet<>();
  private final int maxSites;

  /** Nothing is logged yet. */
  public PinnedSites() {
    this(MAX_SITES);
  }

  PinnedSites(int maxSites) {
    this.maxSites = maxSites;
  }

  /**
   * Reports that the current thread's action cannot be suspended here. The call site is the
   * innermost frame outside Fermata.
   *
   * @param reason why, as a clause
   * @param remedy what to change, as a sentence
   */
  public void report(String reason, String remedy) {
    String site = StackWalker.getInstance().walk(PinnedSites::callSite);
    boolean last;
    synchronized (logged) {
      if (logged.size() == maxSites || !logged.add(site)) {
        return;
      }
      last = logged.size() == maxSites;
    }
    LOG.warn(
        "An action could not be suspended at {}: {}. The call runs in place and holds the owner"
            + " until it is done. {} Logged once for this call site.",
        site,
        reason,
        remedy);
    if (last) {
      LOG.warn("{} call sites were pinned; further ones are counted but not logged.", maxSites);
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
