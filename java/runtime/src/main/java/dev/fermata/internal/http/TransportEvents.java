// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import dev.fermata.internal.bridge.NativeTransport;
import dev.fermata.internal.bridge.TransportUpcalls;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Hands what native code tells to the exchanges and admissions, by their tags. It reaches the
 * transport through exchanges in flight and those who wait alone, so that a transport without any
 * can be collected.
 */
final class TransportEvents implements TransportUpcalls {
  private final Map<Long, Exchange<?>> exchanges = new ConcurrentHashMap<>();
  private final Map<Long, Admission> admissions = new ConcurrentHashMap<>();
  private final AtomicLong tags = new AtomicLong();

  long add(Exchange<?> exchange) {
    long tag = tags.incrementAndGet();
    exchanges.put(tag, exchange);
    return tag;
  }

  /** Returns whether there was such an exchange, which had not had its last event. */
  boolean remove(long tag) {
    return exchanges.remove(tag) != null;
  }

  long add(Admission admission) {
    long tag = tags.incrementAndGet();
    admissions.put(tag, admission);
    return tag;
  }

  /** Tells the admission nothing more. */
  void removeAdmission(long tag) {
    admissions.remove(tag);
  }

  @Override
  public void response(long tag, int status, int version, byte[] headers, byte[] session) {
    Exchange<?> exchange = exchanges.get(tag);
    if (exchange != null) {
      exchange.onHead(
          new ResponseHead(status, version == NativeTransport.HTTP_2, headers, session));
    }
  }

  @Override
  public void body(long tag, byte[] chunk) {
    Exchange<?> exchange = exchanges.get(tag);
    if (exchange != null) {
      exchange.onChunk(chunk);
    }
  }

  @Override
  public void wantBody(long tag, int chunks) {
    Exchange<?> exchange = exchanges.get(tag);
    if (exchange != null) {
      exchange.onWanted(chunks);
    }
  }

  @Override
  public void end(long tag) {
    Exchange<?> exchange = exchanges.remove(tag);
    if (exchange != null) {
      exchange.onEnd();
    }
  }

  @Override
  public void admitted(long tag, boolean heldByRate) {
    Admission admission = admissions.remove(tag);
    if (admission != null) {
      admission.onAdmitted(heldByRate);
    }
  }

  @Override
  public void failed(long tag, int kind, String message) {
    Exchange<?> exchange = exchanges.remove(tag);
    if (exchange != null) {
      exchange.onFailure(Failures.of(kind, message));
      return;
    }
    Admission admission = admissions.remove(tag);
    if (admission != null) {
      admission.onFailure(Failures.of(kind, message));
    }
  }

  @Override
  public void threadEnded() {}
}
