// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.agents.runtime.operator;

import java.util.List;
import org.apache.flink.agents.runtime.async.ContinuationActionExecutor;

/** Of the shape that upstream's class of this name has since 0.3; 0.2 has none. */
public class ActionTaskContextManager implements AutoCloseable {
  private final List<String> closed;
  private final ContinuationActionExecutor continuationActionExecutor;

  /**
   * Creates it.
   *
   * @param closed notes what is closed, in order
   * @param executor is closed last
   */
  public ActionTaskContextManager(List<String> closed, ContinuationActionExecutor executor) {
    this.closed = closed;
    continuationActionExecutor = executor;
  }

  @Override
  public void close() {
    closed.add("runner context");
    if (continuationActionExecutor != null) {
      continuationActionExecutor.close();
    }
  }
}
