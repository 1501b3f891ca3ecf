// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.model.clip.LearntRows;
import java.nio.file.Path;

/**
 * A word that learns: Gal et al. (2022), An Image is Worth One Word.
 *
 * @param word in prompts
 * @param rows its vectors; borrowed
 */
public record LearningWord(String word, LearntRows rows) {
    /** The name before that of its parameter in checkpoints. */
    public static final String PART = "word";

    /** Writes what {@link TextualInversion#read} and diffusers' {@code load_textual_inversion} read. */
    public void write(Path file) {
        TextualInversion.write(file, word, rows.rows());
    }
}
