// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import java.awt.image.BufferedImage;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * One finished picture.
 *
 * @param index which one of the job, from 0
 * @param count how many the job draws
 * @param image 8-bit grey or RGB
 * @param notes how it was made, as they stand in a PNG
 * @param sample {@code float32 (1, C, H, W)}, before it was cut to levels; valid only until the sink returns
 */
public record DrawnPicture(int index, int count, BufferedImage image, Map<String, String> notes, Tensor sample) {}
