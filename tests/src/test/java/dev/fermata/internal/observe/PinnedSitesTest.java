// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.CapturedLog;
import dev.fermata.internal.strategy.Pin;
import dev.fermata.sites.CallSites;
import org.junit.jupiter.api.Test;

class PinnedSitesTest {
  @Test
  void aCallSiteIsLoggedOnceWithItsFrameAndTheRemedy() {
    PinnedSites sites = new PinnedSites();

    try (CapturedLog log = CapturedLog.of(PinnedSites.class)) {
      for (int i = 0; i < 3; i++) {
        CallSites.first(() -> sites.report(Pin.MONITOR));
      }
      CallSites.second(() -> sites.report(Pin.NATIVE_FRAME));
      CallSites.second(() -> sites.report(Pin.CLASS_INITIALISER));

      assertThat(log.lines()).hasSize(2);
      assertThat(log.lines().get(0))
          .startsWith("WARN ")
          .contains("dev.fermata.sites.CallSites.first(CallSites.java:")
          .contains("move the call out of synchronized");
      assertThat(log.lines().get(1)).contains("CallSites.second").contains("native method");
    }
  }

  @Test
  void onlyABoundedNumberOfSitesIsKept() {
    PinnedSites sites = new PinnedSites(1);

    try (CapturedLog log = CapturedLog.of(PinnedSites.class)) {
      CallSites.first(() -> sites.report(Pin.MONITOR));
      CallSites.second(() -> sites.report(Pin.MONITOR));
      CallSites.second(() -> sites.report(Pin.MONITOR));

      assertThat(log.lines()).hasSize(2);
      assertThat(log.lines().get(1)).contains("further ones are counted but not logged");
    }
  }

  @Test
  void pinsThatAreNoFaultOfTheCallSiteAreNotLogged() {
    PinnedSites sites = new PinnedSites();

    try (CapturedLog log = CapturedLog.of(PinnedSites.class)) {
      CallSites.first(() -> sites.report(Pin.NONE));
      CallSites.first(() -> sites.report(Pin.VIRTUAL_OWNER));
      CallSites.first(() -> sites.report(Pin.NO_STRATEGY));

      assertThat(log.lines()).isEmpty();
    }
  }
}
