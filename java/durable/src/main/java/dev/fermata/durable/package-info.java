// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
/**
 * Durable actions: straight-line code whose calls are recorded in a {@linkplain
 * dev.fermata.journal.Journal journal}, so that nothing is paid for twice.
 *
 * <pre>{@code
 * DurableActions actions = DurableActions.over(journal, DurableOptions.builder().build());
 *
 * CompletableFuture<Receipt> receipt = actions.start(loop, "order-7", order, context -> {
 *   DurableCall<Stock> stock =
 *       context.callAsync("stock", Stock.class, () -> warehouse.reserve(order), order);
 *   DurableCall<Quote> quote =
 *       context.callAsync("quote", Quote.class, () -> carrier.ask(order), order);
 *   Quote price = context.await(quote);          // both run; one suspends the action
 *   Stock reserved = context.await(stock);
 *   return context.call(
 *       "charge",
 *       ResultType.of(Receipt.class),
 *       CallOptions.<Receipt>create().reconciler(() -> payments.whatBecameOf("order-7")),
 *       () -> payments.charge("order-7", price),
 *       price);
 * });
 * }</pre>
 *
 * <p>After a crash the program starts {@code "order-7"} again: what {@code stock} and {@code quote}
 * returned is read from the journal; a charge that was begun and not recorded as ended is looked
 * up, and not made blindly a second time.
 *
 * <p>{@link dev.fermata.durable.DurableActions} runs actions, {@link
 * dev.fermata.durable.DurableContext} is what they can do.
 */
package dev.fermata.durable;
