// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.service.DiffusionService;

/**
 * What rooms are given.
 *
 * @param service that draws
 * @param models of the folders
 */
public record StudioContext(Folders folders, DiffusionService service, ModelPlaces models) {}
