// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel distance is measured by the classifier that is there: that of the whole recipe, else that of its preset. */
class ExtractorOfPresetTest {
    @TempDir
    Path runs;

    private ValidationConfig.KidConfig kid() {
        Recipe recipe = Recipes.find("flowers-continuous")
                .recipe("quick", List.of("validation.kid.extractor='" + runs.resolve("flower-classifier/model") + "'"));
        return KidExtractor.measurable(recipe.validation()).kid();
    }

    @Test
    void flowers_continuous_finds_what_the_preset_quick_made() throws IOException {
        assertThat(kid()).isNull();
        Path quick = Files.createDirectories(runs.resolve("flower-classifier-quick/model"));
        assertThat(kid().extractor()).isEqualTo(quick.toString());
        Path whole = Files.createDirectories(runs.resolve("flower-classifier/model"));
        assertThat(kid().extractor()).isEqualTo(whole.toString());
    }
}
