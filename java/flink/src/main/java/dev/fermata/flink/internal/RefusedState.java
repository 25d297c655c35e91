// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.lang.reflect.Proxy;
import org.apache.flink.api.common.state.KeyedStateStore;

/**
 * Stands where a rich function would reach keyed state past its context: such writes would be
 * neither atomic nor hidden from other elements. A proxy, as each Flink has other methods there.
 */
final class RefusedState {
  static final KeyedStateStore STORE =
      (KeyedStateStore)
          Proxy.newProxyInstance(
              RefusedState.class.getClassLoader(),
              new Class<?>[] {KeyedStateStore.class},
              (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(
                    "Keyed state of a DurableFunction is reached through its DurableContext, not"
                        + " through the RuntimeContext");
              });

  private RefusedState() {}
}
