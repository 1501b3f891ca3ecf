// SPDX-License-Identifier: Apache-2.0
/**
 * Networks: {@link dev.diffusion4j.model.Model} (a network with its config), {@link dev.diffusion4j.model.DiffusionModel} (one
 * that denoises), {@link dev.diffusion4j.model.ModelKind} (all families by name). A folder below for each family.
 */
@NullMarked
package dev.diffusion4j.model;

import org.jspecify.annotations.NullMarked;
