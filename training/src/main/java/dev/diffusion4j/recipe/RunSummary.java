// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.nio.file.Path;

/**
 * How a run ended.
 *
 * @param folder of the run
 * @param finished whether all updates are done; else it can be resumed
 * @param steps updates done
 * @param last100 mean of the last hundred losses
 */
public record RunSummary(Path folder, boolean finished, long steps, double last100) {}
