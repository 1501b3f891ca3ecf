// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.service.DiffusionService;
import java.util.List;

/**
 * What rooms are given.
 *
 * @param service that draws
 * @param models of the folders
 * @param shelves adapters of the folders, and what judges pictures
 * @param command how {@code diffuse} is called, for what is a process of its own; empty where it cannot be
 */
public record StudioContext(
        Folders folders, DiffusionService service, ModelPlaces models, Shelves shelves, List<String> command) {
    public StudioContext {
        command = List.copyOf(command);
    }
}
