// SPDX-License-Identifier: Apache-2.0
/**
 * The engine within an application that serves many callers: {@link dev.diffusion4j.service.DiffusionService} draws on a fixed number of
 * native threads what {@link dev.diffusion4j.service.ServiceRequest}s ask for; a {@link dev.diffusion4j.service.Job} is followed, awaited and
 * cancelled from any thread.
 */
@NullMarked
package dev.diffusion4j.service;

import org.jspecify.annotations.NullMarked;
