// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.CapturedLog;
import dev.fermata.sites.CallSites;
import org.junit.jupiter.api.Test;

class PinnedSitesTest {
  @Test
  void aCallSiteIsLoggedOnceWithItsFrameAndTheRemedy() {
    PinnedSites sites = new PinnedSites();

    try (CapturedLog log = CapturedLog.of(PinnedSites.class)) {
      for (int i = 0; i < 3; i++) {
        CallSites.first(() -> sites.report("it holds a monitor", "Let go of it."));
      }
      CallSites.second(() -> sites.report("a native frame", "Leave it."));
      CallSites.second(() -> sites.report("an initialiser", "Leave it."));

      assertThat(log.lines()).hasSize(2);
      assertThat(log.lines().get(0))
          .startsWith("WARN ")
          .contains("dev.fermata.sites.CallSites.first(CallSites.java:")
          .contains(": it holds a monitor. ", "Let go of it.");
      assertThat(log.lines().get(1)).contains("CallSites.second").contains("a native frame");
    }
  }

  @Test
  void onlyABoundedNumberOfSitesIsKept() {
    PinnedSites sites = new PinnedSites(1);

    try (CapturedLog log = CapturedLog.of(PinnedSites.class)) {
      CallSites.first(() -> sites.report("it holds a monitor", "Let go of it."));
      CallSites.second(() -> sites.report("it holds a monitor", "Let go of it."));
      CallSites.second(() -> sites.report("it holds a monitor", "Let go of it."));

      assertThat(log.lines()).hasSize(2);
      assertThat(log.lines().get(1)).contains("further ones are counted but not logged");
    }
  }
}
