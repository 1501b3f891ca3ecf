// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.drawing.GenerationNote;
import dev.diffusion4j.drawing.NotesForOthers;
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

    /** How it was made, all that is needed to draw it again: {@link GenerationNote#read(String, String)} reads it. Empty where that is not known. */
    public String note() {
        return GenerationNote.textOf(notes);
    }

    /**
     * The same with notes for people elsewhere, who are not to learn where files are: each file stands in them by its name, without its folder.
     *
     * @param model what the model is called
     */
    public FinishedPicture withoutPlaces(String model) {
        return new FinishedPicture(index, image, NotesForOthers.of(notes, model));
    }

    /** A PNG with its notes: what the command writes. */
    public byte[] png() {
        return PngFile.bytes(image, notes);
    }
}
