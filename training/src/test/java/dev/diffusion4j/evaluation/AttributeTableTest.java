// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.drawn.Scene;
import dev.diffusion4j.data.drawn.Scene.Ground;
import dev.diffusion4j.data.drawn.Scene.Place;
import dev.diffusion4j.data.drawn.Scene.Size;
import dev.diffusion4j.data.drawn.Scene.Texture;
import dev.diffusion4j.data.drawn.Scene.Thing;
import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.data.drawn.ShapeScene.Form;
import dev.diffusion4j.data.drawn.ShapeScene.Paint;
import dev.diffusion4j.evaluation.AttributeTable.Row;
import dev.diffusion4j.metric.Proportion;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttributeTableTest {
    private static final Thing RED_STAR = new Thing(Form.STAR, Paint.RED);
    private static final Thing BLUE_RING = new Thing(Form.RING, Paint.BLUE);
    private static final Scene ONE = new Scene(RED_STAR, null, Size.SMALL, Texture.DOTTED, Place.LEFT, Ground.BLACK);
    private static final Scene OTHER = new Scene(RED_STAR, null, Size.LARGE, Texture.DOTTED, Place.LEFT, Ground.BLACK);
    private static final Scene PAIR =
            new Scene(RED_STAR, BLUE_RING, Size.MEDIUM, Texture.PLAIN, Place.ABOVE, Ground.BLACK);
    private static final List<Scene> CAPTIONS = List.of(ONE, OTHER, PAIR);

    private static Map<SceneAttribute, long[]> seen(Scene... pictures) {
        Map<SceneAttribute, long[]> answers = new EnumMap<>(SceneAttribute.class);
        for (SceneAttribute attribute : SceneAttribute.values()) {
            answers.put(
                    attribute, Arrays.stream(pictures).mapToLong(attribute::of).toArray());
        }
        return answers;
    }

    private static Row row(AttributeTable table, String name) {
        return table.rows().stream()
                .filter(row -> row.attribute().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void an_attribute_counts_where_the_caption_speaks_of_it() {
        Scene wrong = new Scene(BLUE_RING, null, Size.LARGE, Texture.STRIPED, Place.ABOVE, Ground.BLACK);
        AttributeTable table = AttributeTable.of(CAPTIONS, seen(ONE, OTHER, wrong), seen(ONE, OTHER, PAIR));
        assertThat(row(table, "form").pictures()).isEqualTo(new Proportion(2, 3));
        assertThat(row(table, "place").pictures()).isEqualTo(new Proportion(3, 3));
        assertThat(row(table, "size").pictures()).isEqualTo(new Proportion(2, 2));
        assertThat(row(table, "texture").pictures()).isEqualTo(new Proportion(2, 2));
        assertThat(row(table, "other_form").pictures()).isEqualTo(new Proportion(0, 1));
        assertThat(row(table, AttributeTable.TOGETHER).pictures()).isEqualTo(new Proportion(2, 3));
        assertThat(row(table, AttributeTable.TOGETHER).judge()).isEqualTo(new Proportion(3, 3));
    }

    @Test
    void all_together_needs_all_that_the_caption_says_and_nothing_else() {
        Scene plainPairOfOthers = new Scene(RED_STAR, BLUE_RING, Size.SMALL, Texture.DOTTED, Place.ABOVE, Ground.BLACK);
        AttributeTable table = AttributeTable.of(CAPTIONS, seen(OTHER, OTHER, plainPairOfOthers), seen(ONE, ONE, ONE));
        assertThat(row(table, AttributeTable.TOGETHER).pictures()).isEqualTo(new Proportion(2, 3));
        assertThat(row(table, "size").pictures()).isEqualTo(new Proportion(1, 2));
    }

    @Test
    void chance_holds_each_picture_against_the_next_caption() {
        AttributeTable table = AttributeTable.of(CAPTIONS, seen(ONE, OTHER, PAIR), seen(ONE, OTHER, PAIR));
        // pictures ONE, OTHER, PAIR against OTHER, PAIR, ONE
        assertThat(row(table, "form").chance()).isEqualTo(new Proportion(3, 3));
        assertThat(row(table, "size").chance()).isEqualTo(new Proportion(0, 2));
        assertThat(row(table, "place").chance()).isEqualTo(new Proportion(1, 3));
        assertThat(row(table, "other_form").chance()).isEqualTo(new Proportion(0, 1));
        assertThat(row(table, AttributeTable.TOGETHER).chance()).isEqualTo(new Proportion(0, 3));
        assertThat(table.text().lines().filter(line -> line.startsWith("size")))
                .singleElement()
                .asString()
                .contains("     2      2  100.0 %  34.2 to 100.0 %", "0.0 %");
    }

    @Test
    void one_picture_alone_has_no_other_caption() {
        AttributeTable table = AttributeTable.of(CAPTIONS.subList(0, 1), seen(ONE), seen(ONE));
        assertThat(table.rows()).allSatisfy(row -> assertThat(row.chance().of()).isZero());
    }
}
