// SPDX-License-Identifier: Apache-2.0
/** What a Spring Boot application has once this library is on its class path: {@link dev.diffusion4j.springai.autoconfigure.DiffusionAutoConfiguration}. */
@NullMarked
package dev.diffusion4j.springai.autoconfigure;

import org.jspecify.annotations.NullMarked;
