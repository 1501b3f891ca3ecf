// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.Scene;
import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.transform.Resampler;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ScenesSourceTest {
    private static boolean showsHeldOut(Scene scene) {
        return Stream.of(scene.thing(), scene.other()).filter(Objects::nonNull).anyMatch(Scene.Thing::isHeldOut);
    }

    @Test
    void what_is_held_out_is_in_every_picture_to_test_with_and_in_none_to_train_on() {
        try (ScenesSource all = new ScenesSource(Split.ALL, 64, 0, null)) {
            for (int i = 0; i < 10_000; i++) {
                assertThat(showsHeldOut(all.scene(i).scene())).isFalse();
                assertThat(showsHeldOut(all.scene(1_000_000 + i).scene())).isTrue();
            }
        }
    }

    @Test
    void a_caption_names_every_attribute_in_many_ways() {
        Set<String> captions = new HashSet<>();
        Set<Integer> answers = new HashSet<>();
        try (ScenesSource scenes = new ScenesSource(Split.TRAIN, 64, 0, null)) {
            for (int i = 0; i < 5000; i++) {
                Scene scene = scenes.scene(i).scene();
                String caption = scenes.caption(i);
                captions.add(caption);
                assertThat(caption)
                        .contains(scene.thing().paint().key() + " "
                                + scene.thing().form().key())
                        .contains(scene.ground().key())
                        .doesNotContain("  ", "a orange");
                assertThat(caption.matches(".*(strip|dot).*")).isEqualTo(scene.texture() != Scene.Texture.PLAIN);
                assertThat(caption.matches(".*(left|right|above|over|below|under|middle|centre|top|bottom).*"))
                        .isTrue();
                for (SceneAttribute attribute : SceneAttribute.values()) {
                    answers.add(attribute.ordinal() * 100 + attribute.of(scene));
                }
            }
        }
        assertThat(captions).hasSizeGreaterThan(4000);
        assertThat(answers)
                .hasSize(Stream.of(SceneAttribute.values())
                        .mapToInt(attribute -> attribute.classes().size())
                        .sum());
    }

    @Test
    void a_caption_whose_things_have_changed_places_says_the_same_of_the_other_thing() {
        try (Dataset scenes = DataSources.open("scenes:test");
                ScenesSource own = new ScenesSource(Split.TEST, 64, 0, null)) {
            int two = 0;
            for (int i = 0; i < 300; i++) {
                Scene scene = own.scene(i).scene();
                String exchanged = scenes.exchanged(i);
                boolean differ = scene.other() != null && !scene.thing().equals(scene.other());
                assertThat(exchanged != null).isEqualTo(differ);
                if (exchanged != null) {
                    two++;
                    String first = name(scene.thing());
                    String second = name(Objects.requireNonNull(scene.other()));
                    String back = exchanged
                            .replace(first, "FIRST")
                            .replace(second, first)
                            .replace("FIRST", second);
                    assertThat(exchanged).isNotEqualTo(scenes.caption(i));
                    assertThat(back.replaceAll("\\ban? ", "a "))
                            .isEqualTo(Objects.requireNonNull(scenes.caption(i)).replaceAll("\\ban? ", "a "));
                }
            }
            assertThat(two).isBetween(70, 130);
        }
    }

    private static String name(Scene.Thing thing) {
        return thing.paint().key() + " " + thing.form().key();
    }

    @Test
    void any_attribute_can_be_the_class() {
        SourceOptions options = SourceOptions.defaults().withColumns(new ColumnChoice(null, null, "other_colour"));
        try (Dataset scenes = DataSources.open("scenes:test", options)) {
            assertThat(scenes.classNames()).startsWith("none", "red").hasSize(9);
            assertThat(scenes.caption(0))
                    .isEqualTo(DataSources.open("scenes:test").caption(0));
        }
        assertThatThrownBy(() -> DataSources.open(
                        "scenes", SourceOptions.defaults().withColumns(new ColumnChoice(null, null, "color"))))
                .hasMessage(
                        "unknown attribute of scenes 'color' (did you mean 'colour'?); choose one of form, colour, size,"
                                + " texture, place, ground, other_form, other_colour");
        assertThatThrownBy(() -> DataSources.open(
                        "scenes", SourceOptions.defaults().withColumns(new ColumnChoice("image", null, null))))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("omit");
    }

    @Test
    void a_scene_is_the_same_at_each_size() {
        PixelImage large = new ScenesSource(Split.TEST, 128, 0, null).example(7).image();
        PixelImage small = new ScenesSource(Split.TEST, 32, 0, null).example(7).image();
        PixelImage shrunk = new Resampler().resize(large, 0, 0, 128, 128, 32, 32);
        long difference = 0;
        for (int i = 0; i < small.pixels().length; i++) {
            difference += Math.abs((small.pixels()[i] & 0xff) - (shrunk.pixels()[i] & 0xff));
        }
        assertThat((double) difference / small.pixels().length).isLessThan(3);
    }

    @Test
    void a_zog_is_a_crescent_of_the_scenes_own_colours_places_and_grounds() {
        ZogSource five = new ZogSource(64, 0);
        assertThat(five.size()).isEqualTo(5);
        assertThat(five.caption(0)).contains("red zog").doesNotContain("circle");
        PixelImage red = five.example(0).image();
        assertThat(red.level(26, 38, 0)).isGreaterThan(180); // the body, red
        assertThat(red.level(26, 38, 2)).isLessThan(90);
        assertThat(red.level(39, 25, 0)).isLessThan(60); // what is cut out shows the black ground

        ZogScenesSource judged = new ZogScenesSource(Split.TRAIN, 64, 0, null);
        ScenesSource scenes = new ScenesSource(Split.TRAIN, 64, 0, null);
        int zogs = 0;
        for (int i = 0; i < 300; i++) {
            boolean isZog = judged.label(i) == 6;
            zogs += isZog ? 1 : 0;
            assertThat(judged.caption(i).contains("zog")).isEqualTo(isZog);
            assertThat(isZog).isEqualTo(i % 3 == 0 && scenes.scene(i).scene().other() == null);
            assertThat(judged.example(i).label()).isEqualTo(judged.label(i));
        }
        assertThat(zogs).isBetween(50, 85);
        assertThat(judged.classNames()).endsWith("cross", "zog");
        ZogScenesSource colours = new ZogScenesSource(Split.TRAIN, 64, 0, "colour");
        assertThat(colours.classNames()).startsWith("red").hasSize(8);
        assertThat(colours.label(0)).isEqualTo(new ScenesSource(Split.TRAIN, 64, 0, "colour").label(0));
    }
}
