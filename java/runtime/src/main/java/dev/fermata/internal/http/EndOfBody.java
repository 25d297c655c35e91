// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * Sees when an exchange of the JDK's client ends, which is when its future is complete and its body
 * read, closed, or failed; and says so once.
 */
final class EndOfBody<T> implements BodyHandler<T> {
  private final BodyHandler<T> handler;
  private final Runnable onEnd;
  private boolean isAnswered;
  private boolean isRead;
  private boolean isOver;

  EndOfBody(BodyHandler<T> handler, Runnable onEnd) {
    this.handler = handler;
    this.onEnd = onEnd;
  }

  @Override
  public BodySubscriber<T> apply(ResponseInfo head) {
    BodySubscriber<T> subscriber = handler.apply(head);
    return subscriber == null ? null : new Seen(subscriber);
  }

  /** The future of the response is complete; if it failed, no body will be read. */
  void onResponse(boolean failed) {
    check(true, failed);
  }

  private void end() {
    check(false, true);
  }

  private void check(boolean nowAnswered, boolean nowRead) {
    synchronized (this) {
      isAnswered |= nowAnswered;
      isRead |= nowRead;
      if (isOver || !isAnswered || !isRead) {
        return;
      }
      isOver = true;
    }
    onEnd.run();
  }

  private final class Seen implements BodySubscriber<T> {
    private final BodySubscriber<T> subscriber;

    Seen(BodySubscriber<T> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public CompletionStage<T> getBody() {
      return subscriber.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscriber.onSubscribe(
          new Flow.Subscription() {
            @Override
            public void request(long items) {
              subscription.request(items);
            }

            @Override
            public void cancel() {
              subscription.cancel();
              end();
            }
          });
    }

    @Override
    public void onNext(List<ByteBuffer> chunks) {
      subscriber.onNext(chunks);
    }

    @Override
    public void onError(Throwable failure) {
      end();
      subscriber.onError(failure);
    }

    @Override
    public void onComplete() {
      end();
      subscriber.onComplete();
    }
  }
}
