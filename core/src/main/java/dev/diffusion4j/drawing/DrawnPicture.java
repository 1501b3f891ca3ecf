// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import java.awt.image.BufferedImage;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One finished picture.
 *
 * @param index which one of the job, from 0
 * @param count how many the job draws
 * @param image 8-bit grey or RGB
 * @param notes how it was made, as they stand in a PNG
 * @param sample {@code float32 (1, C, H, W)}, before it was cut to levels: in the network's range, or as latents were decoded, in
 *     [−1, 1]; valid only until the sink returns
 * @param latents {@code float32 (1, C, H, W)} that the sample was decoded from; {@code null} where there are none; valid as long
 */
public record DrawnPicture(
        int index,
        int count,
        BufferedImage image,
        Map<String, String> notes,
        Tensor sample,
        @Nullable Tensor latents) {}
