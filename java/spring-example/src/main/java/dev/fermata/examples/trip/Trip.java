// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

/** A planned trip. */
public record Trip(
    String to, String flight, String hotel, String sight, String weather, String papers) {}
