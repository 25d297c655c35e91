// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.BooleanSerializer;

/** One element's view of a map: what it put and removed, over what the backend holds. */
final class PendingMap<UK, UV> implements MapState<UK, UV>, PendingWrites.Write {
  private final ElementScope scope;
  private final MapState<UK, UV> backend;
  private final TypeSerializer<UK> keySerializer;
  private final TypeSerializer<UV> valueSerializer;

  /** By key the new value; empty if it is removed. */
  private final Map<UK, Optional<UV>> changed = new LinkedHashMap<>();

  private boolean cleared;

  PendingMap(
      ElementScope scope,
      MapState<UK, UV> backend,
      TypeSerializer<UK> keySerializer,
      TypeSerializer<UV> valueSerializer) {
    this.scope = scope;
    this.backend = backend;
    this.keySerializer = keySerializer;
    this.valueSerializer = valueSerializer;
  }

  @Override
  public UV get(UK key) throws Exception {
    scope.requireInside();
    Optional<UV> change = changed.get(key);
    if (change != null) {
      return copy(change.orElse(null));
    }
    if (cleared) {
      return null;
    }
    UV held = backend.get(key);
    scope.reads().value(valueSerializer, held);
    return copy(held);
  }

  @Override
  public void put(UK key, UV value) {
    scope.requireInside();
    if (value == null) {
      throw new NullPointerException("value of key " + key + " is null; use remove");
    }
    changed.put(keySerializer.copy(key), Optional.of(valueSerializer.copy(value)));
  }

  @Override
  public void putAll(Map<UK, UV> values) {
    values.forEach(this::put);
  }

  @Override
  public void remove(UK key) {
    scope.requireInside();
    changed.put(keySerializer.copy(key), Optional.empty());
  }

  @Override
  public boolean contains(UK key) throws Exception {
    scope.requireInside();
    Optional<UV> change = changed.get(key);
    if (change != null || cleared) {
      return change != null && change.isPresent();
    }
    boolean held = backend.contains(key);
    scope.reads().value(BooleanSerializer.INSTANCE, held);
    return held;
  }

  @Override
  public Iterable<Map.Entry<UK, UV>> entries() throws Exception {
    Map<UK, UV> all = all();
    return () -> iterator(all);
  }

  @Override
  public Iterable<UK> keys() throws Exception {
    return all().keySet();
  }

  @Override
  public Iterable<UV> values() throws Exception {
    return all().values();
  }

  @Override
  public Iterator<Map.Entry<UK, UV>> iterator() throws Exception {
    return iterator(all());
  }

  @Override
  public boolean isEmpty() throws Exception {
    return all().isEmpty();
  }

  @Override
  public void clear() {
    scope.requireInside();
    cleared = true;
    changed.clear();
  }

  @Override
  public void apply() throws Exception {
    if (cleared) {
      backend.clear();
    }
    for (Map.Entry<UK, Optional<UV>> change : changed.entrySet()) {
      if (change.getValue().isPresent()) {
        backend.put(change.getKey(), change.getValue().get());
      } else if (!cleared) {
        backend.remove(change.getKey());
      }
    }
  }

  private Map<UK, UV> all() throws Exception {
    scope.requireInside();
    Map<UK, UV> all = new LinkedHashMap<>();
    if (!cleared) {
      for (Map.Entry<UK, UV> entry : backend.entries()) {
        all.put(keySerializer.copy(entry.getKey()), copy(entry.getValue()));
      }
      all = scope.reads().entries(keySerializer, valueSerializer, all);
    }
    for (Map.Entry<UK, Optional<UV>> change : changed.entrySet()) {
      if (change.getValue().isPresent()) {
        all.put(keySerializer.copy(change.getKey()), copy(change.getValue().get()));
      } else {
        all.remove(change.getKey());
      }
    }
    return all;
  }

  /** Entries and the iterator write through, as the state's contract says. */
  private Iterator<Map.Entry<UK, UV>> iterator(Map<UK, UV> all) {
    Iterator<Map.Entry<UK, UV>> entries = all.entrySet().iterator();
    return new Iterator<>() {
      private UK current;

      @Override
      public boolean hasNext() {
        return entries.hasNext();
      }

      @Override
      public Map.Entry<UK, UV> next() {
        Map.Entry<UK, UV> entry = entries.next();
        current = entry.getKey();
        return new WritingEntry(entry);
      }

      @Override
      public void remove() {
        entries.remove();
        PendingMap.this.remove(current);
      }
    };
  }

  private UV copy(UV original) {
    return original == null ? null : valueSerializer.copy(original);
  }

  private final class WritingEntry extends java.util.AbstractMap.SimpleEntry<UK, UV> {
    private static final long serialVersionUID = 1L;

    WritingEntry(Map.Entry<UK, UV> entry) {
      super(entry);
    }

    @Override
    public UV setValue(UV value) {
      put(getKey(), value);
      return super.setValue(value);
    }
  }
}
