// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Reads a body that nobody wants, if it is short, so that its connection can be kept. */
final class Discarded<T> implements BodySubscriber<T> {
  /** What is longer costs more than a connection. */
  private static final long MAX = 65_536;

  private final CompletableFuture<T> end = new CompletableFuture<>();
  private Flow.Subscription subscription;
  private long read;

  @Override
  public CompletionStage<T> getBody() {
    return end;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> chunks) {
    for (ByteBuffer chunk : chunks) {
      read += chunk.remaining();
    }
    if (read <= MAX) {
      subscription.request(1);
    } else {
      subscription.cancel();
      end.complete(null);
    }
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(null);
  }

  @Override
  public void onComplete() {
    end.complete(null);
  }
}
