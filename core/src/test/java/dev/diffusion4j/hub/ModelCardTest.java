// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A card is written anew without loss of what its readers wrote. */
final class ModelCardTest {
    private static ModelCard card(String loss) {
        Map<String, Object> front = new LinkedHashMap<>();
        front.put("library_name", "diffusers");
        front.put("tags", List.of("diffusion4j", "no"));
        front.put("license", "other: see below");
        Map<String, String> sections = new LinkedHashMap<>();
        sections.put("what", "# Digits\n\nA model.");
        sections.put("training", "Loss " + loss + ".");
        return new ModelCard(front, sections);
    }

    @Test
    void what_stands_in_it() {
        assertThat(card("0.5").text())
                .isEqualTo(
                        """
                        ---
                        library_name: diffusers
                        tags:
                        - diffusion4j
                        - "no"
                        license: "other: see below"
                        ---

                        <!-- diffusion4j: what -->
                        # Digits

                        A model.
                        <!-- /diffusion4j: what -->

                        <!-- diffusion4j: training -->
                        Loss 0.5.
                        <!-- /diffusion4j: training -->
                        """);
    }

    @Test
    void a_readers_words_and_keys_stay() {
        String edited = card("0.5")
                .text()
                .replace("license: \"other: see below\"", "license: mit\nlanguage: en")
                .replace("<!-- diffusion4j: training -->", "Beware of the sevens.\n\n<!-- diffusion4j: training -->");
        String again = card("0.4").over(edited);
        assertThat(again)
                .contains("license: mit\nlanguage: en\n---", "Beware of the sevens.", "Loss 0.4.")
                .doesNotContain("Loss 0.5", "see below");
        assertThat(card("0.4").over(again)).isEqualTo(again);
        assertThat(ModelCard.joined(edited, card("0.4").text())).isEqualTo(again);
    }

    @Test
    void a_text_of_somebody_else_is_kept_whole() {
        assertThat(card("0.4").over("# Mine\n"))
                .startsWith("---\nlibrary_name: diffusers\n")
                .contains("---\n# Mine\n\n<!-- diffusion4j: what");
        assertThat(ModelCard.joined("# Mine\n", card("0.4").text()))
                .startsWith("---\nlibrary_name: diffusers\n")
                .contains("---\n# Mine\n\n<!-- diffusion4j: what");
        assertThat(ModelCard.joined("# Theirs", "# Not ours")).isEqualTo("# Not ours");
        assertThat(card("0.4").over("")).isEqualTo(card("0.4").text());
    }
}
