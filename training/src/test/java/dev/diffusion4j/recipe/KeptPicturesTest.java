// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.CacheMode;
import dev.diffusion4j.data.TrainingData;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Pictures stay in memory where they are read again, and what they will take is said beforehand. */
class KeptPicturesTest {
    private static long bytesToCome(Consumer<Recipe.Draft> edit) {
        Recipe recipe = Recipe.DEFAULT.with(r -> {
            r.data.source = "scenes";
            r.data.imageSize = 16;
            r.data.limit = 40;
            edit.accept(r);
        });
        try (TrainingData data = DreamBooth.openFirst(recipe, RunParts.NONE)) {
            return data.bytesToCome(30);
        }
    }

    @Test
    void of_what_is_read_once_nothing_is_kept() {
        long all = bytesToCome(r -> r.training.epochs = 2);
        assertThat(all).isEqualTo(30 * (16 * 16 * 3 + 100));
        assertThat(bytesToCome(r -> r.training.epochs = 1)).isZero();
        assertThat(bytesToCome(r -> {
                    r.training.epochs = 1;
                    r.data.repeat = 2;
                }))
                .isEqualTo(all);
        assertThat(bytesToCome(r -> {
                    r.training.epochs = 1;
                    r.data.cache = CacheMode.MEMORY;
                }))
                .isEqualTo(all);
    }
}
