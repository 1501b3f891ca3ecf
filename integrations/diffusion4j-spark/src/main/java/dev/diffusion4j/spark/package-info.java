// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures drawn ({@link dev.diffusion4j.spark.BulkDrawing}) and scored ({@link dev.diffusion4j.spark.BulkScoring}) in bulk on Apache Spark. Each
 * executor has a model once, shared by its tasks, on a bounded number of native threads.
 */
@NullMarked
package dev.diffusion4j.spark;

import org.jspecify.annotations.NullMarked;
