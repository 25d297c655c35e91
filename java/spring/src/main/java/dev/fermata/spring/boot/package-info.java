// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0

/** Fermata under Spring Boot: auto-configuration, properties, meters and an actuator endpoint. */
package dev.fermata.spring.boot;
