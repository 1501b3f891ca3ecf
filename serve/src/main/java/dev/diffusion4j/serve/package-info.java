// SPDX-License-Identifier: Apache-2.0
/**
 * The engine over HTTP: {@link dev.diffusion4j.serve.DiffusionServer} answers in the forms that clients already speak, each form a class of
 * routes of its own, all over one {@link dev.diffusion4j.service.DiffusionService}.
 */
@NullMarked
package dev.diffusion4j.serve;

import org.jspecify.annotations.NullMarked;
