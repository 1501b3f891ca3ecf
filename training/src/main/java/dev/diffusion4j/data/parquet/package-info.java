// SPDX-License-Identifier: Apache-2.0
/**
 * Columns of Parquet files, a page in memory at a time: {@link dev.diffusion4j.data.parquet.ParquetTable} reads them,
 * {@link dev.diffusion4j.data.parquet.ImageColumns} finds pictures, classes and captions among them,
 * {@link dev.diffusion4j.data.parquet.ImagePack} keeps what was read, so that any row can be had at once.
 */
@NullMarked
package dev.diffusion4j.data.parquet;

import org.jspecify.annotations.NullMarked;
