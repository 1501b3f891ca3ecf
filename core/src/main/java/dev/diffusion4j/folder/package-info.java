// SPDX-License-Identifier: Apache-2.0
/**
 * Folders in the form of diffusers: {@link dev.diffusion4j.folder.ComponentMap} (which parts a folder names),
 * {@link dev.diffusion4j.folder.PipelineFolder} (its network and scheduler), {@link dev.diffusion4j.folder.PartLease} (a network
 * in memory that several pipelines hold), {@link dev.diffusion4j.folder.PipelinePlace} (folder, run or Hub).
 */
@NullMarked
package dev.diffusion4j.folder;

import org.jspecify.annotations.NullMarked;
