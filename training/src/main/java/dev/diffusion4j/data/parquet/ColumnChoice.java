// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import org.jspecify.annotations.Nullable;

/**
 * Which columns of a table to take; {@code null} for those that are found.
 *
 * @param image with the pictures
 * @param caption with what they show, as text
 * @param label with their classes
 */
public record ColumnChoice(@Nullable String image, @Nullable String caption, @Nullable String label) {
    /** Those that are found. */
    public static final ColumnChoice FOUND = new ColumnChoice(null, null, null);
}
