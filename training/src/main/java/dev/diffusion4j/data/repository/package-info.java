// SPDX-License-Identifier: Apache-2.0
/**
 * Which files of a repository, on the Hub or in a folder, are a data set: {@link dev.diffusion4j.data.repository.DatasetLayout} finds
 * configurations and splits as Python's {@code datasets} does, {@link dev.diffusion4j.data.repository.FileTree} is where the files are.
 */
@NullMarked
package dev.diffusion4j.data.repository;

import org.jspecify.annotations.NullMarked;
