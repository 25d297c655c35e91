// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

/**
 * What stands for a continuation or generator in a stream of Java serialisation and is replaced by
 * it once it is read. Whoever reads a reference to it earlier is part of it.
 */
public interface SavedReference {}
