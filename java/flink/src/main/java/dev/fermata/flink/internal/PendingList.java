// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;

/** One element's view of a list: what it added, behind what the backend holds unless cleared. */
final class PendingList<T> implements ListState<T>, PendingWrites.Write {
  private final ElementScope scope;
  private final ListState<T> backend;
  private final TypeSerializer<T> serializer;
  private final List<T> added = new ArrayList<>();
  private boolean cleared;

  PendingList(ElementScope scope, ListState<T> backend, TypeSerializer<T> serializer) {
    this.scope = scope;
    this.backend = backend;
    this.serializer = serializer;
  }

  @Override
  public Iterable<T> get() throws Exception {
    scope.requireInside();
    List<T> all = new ArrayList<>();
    Iterable<T> held = cleared ? null : backend.get();
    if (held != null) {
      held.forEach(value -> all.add(serializer.copy(value)));
      scope.reads().value(new ListSerializer<>(serializer), all);
    }
    added.forEach(value -> all.add(serializer.copy(value)));
    return all;
  }

  @Override
  public void add(T value) {
    scope.requireInside();
    added.add(serializer.copy(Objects.requireNonNull(value, "value")));
  }

  @Override
  public void addAll(List<T> values) {
    scope.requireInside();
    values.forEach(this::add);
  }

  @Override
  public void update(List<T> values) {
    List<T> copies = new ArrayList<>(values);
    clear();
    addAll(copies);
  }

  @Override
  public void clear() {
    scope.requireInside();
    cleared = true;
    added.clear();
  }

  @Override
  public void apply() throws Exception {
    if (cleared) {
      backend.update(added);
    } else if (!added.isEmpty()) {
      backend.addAll(added);
    }
  }
}
