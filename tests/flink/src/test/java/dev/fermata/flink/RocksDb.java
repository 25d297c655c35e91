// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps keyed state in RocksDB while the tests of a class run. */
final class RocksDb implements BeforeAllCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    OperatorRig.useStateBackend("rocksdb");
  }

  @Override
  public void afterAll(ExtensionContext context) {
    OperatorRig.useStateBackend("hashmap");
  }
}
