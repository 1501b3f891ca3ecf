// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One picture of a job; it holds no native memory.
 *
 * @param index which one of the job, from 0
 * @param image 8-bit grey or RGB
 * @param notes how it was made, as they stand in a PNG
 */
public record FinishedPicture(int index, BufferedImage image, Map<String, String> notes) {
    public FinishedPicture {
        notes = Collections.unmodifiableMap(new LinkedHashMap<>(notes));
    }

    /** A PNG with its notes: what the command writes. */
    public byte[] png() {
        return PngFile.bytes(image, notes);
    }
}
