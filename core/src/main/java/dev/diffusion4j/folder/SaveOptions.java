// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.checkpoint.WeightWriter;
import org.jspecify.annotations.Nullable;

/**
 * How a folder is saved: diffusers' {@code save_pretrained(variant=…, max_shard_size=…)}.
 *
 * @param variant {@code fp16} or {@code bf16}: the weights in that format, with it in their files' names; {@code null} for the
 *     plain ones, in the network's own format
 * @param maxShardBytes weights are spread over several files where one would be larger
 */
public record SaveOptions(@Nullable String variant, long maxShardBytes) {
    /** One file, unless it were very large. */
    public static final SaveOptions DEFAULT = new SaveOptions(null, WeightWriter.MAX_SHARD_BYTES);
}
