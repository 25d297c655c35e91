// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Continuations that can be saved, copied and resumed, and what is made of them.
 *
 * <p>A {@link dev.fermata.continuation.Continuation} is straight-line code that is suspended in the
 * middle and resumed by its caller, on stock JDKs from 11 on. It is saved and copied by what it was
 * given: its entry point as it was at the beginning and the journal of its inputs, by which it is
 * replayed. Frames are never written. {@link dev.fermata.continuation.Generator} makes an iterator
 * of code that emits.
 */
package dev.fermata.continuation;
