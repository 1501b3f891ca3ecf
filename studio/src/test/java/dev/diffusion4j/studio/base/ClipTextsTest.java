// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.guidance.LossGuidance;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** How long the texts stay that pictures are steered by. */
class ClipTextsTest {
    private static final Path CLIP = Path.of("../core/src/test/resources/golden/clip/quick");

    @Test
    void the_last_texts_stay_and_one_that_is_drawn_with_until_it_is_over() {
        try (ClipTexts texts = new ClipTexts(CLIP, notice -> {})) {
            LossGuidance first = texts.of("clip=bla:1", guidance -> false);
            assertThat(texts.of("clip=bla:1", guidance -> false)).isSameAs(first);
            for (int scale = 2; scale <= 200; scale++) {
                texts.of("clip=bla:" + scale, guidance -> guidance == first);
            }
            int held = texts.held();
            assertThat(held).isLessThan(100);
            texts.of("clip=bla:201", guidance -> false);
            assertThat(texts.held()).as("without the first, which is over").isEqualTo(held - 1);
            assertThat(texts.of("clip=bla:1", guidance -> false)).isNotSameAs(first);
        }
    }
}
