// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.io.IOException;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** One element's view of a value: what it wrote, over what the backend holds. */
final class PendingValue<T> implements ValueState<T>, PendingWrites.Write {
  private final ElementScope scope;
  private final ValueState<T> backend;
  private final TypeSerializer<T> serializer;
  private boolean written;
  private T value;

  PendingValue(ElementScope scope, ValueState<T> backend, TypeSerializer<T> serializer) {
    this.scope = scope;
    this.backend = backend;
    this.serializer = serializer;
  }

  @Override
  public T value() throws IOException {
    scope.requireInside();
    if (written) {
      return copy(value);
    }
    T held = backend.value();
    scope.reads().value(serializer, held);
    return copy(held);
  }

  @Override
  public void update(T newValue) {
    scope.requireInside();
    value = copy(newValue);
    written = true;
  }

  @Override
  public void clear() {
    update(null);
  }

  @Override
  public void apply() throws IOException {
    if (!written) {
      return;
    }
    if (value == null) {
      backend.clear();
    } else {
      backend.update(value);
    }
  }

  private T copy(T original) {
    return original == null ? null : serializer.copy(original);
  }
}
