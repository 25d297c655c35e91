// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.loading;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.FermataException;
import dev.fermata.testing.Waiting;

/** A program that makes one call in one action, twice, and prints how it went. */
public final class OneCall {
  private OneCall() {}

  public static void main(String[] arguments) throws Exception {
    for (int i = 0; i < 2; i++) {
      try (ContinuationActionExecutor executor = new ContinuationActionExecutor(1)) {
        ContinuationContext context = new ContinuationContext();
        Runnable action =
            () ->
                System.out.println(
                    "VALUE " + executor.executeAsync(context, () -> "of " + executor.strategy()));
        while (!executor.executeAction(context, action)) {
          executor.awaitReady(Waiting.LIMIT);
        }
        System.out.println("SUPPORTED " + ContinuationActionExecutor.isContinuationSupported());
      } catch (FermataException refused) {
        System.out.println("REFUSED " + refused.kind() + " " + refused.getMessage());
      }
    }
  }
}
