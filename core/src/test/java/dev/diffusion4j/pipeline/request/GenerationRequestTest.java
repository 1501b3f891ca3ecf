// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class GenerationRequestTest {
    @Test
    void the_order_of_an_edit_does_not_matter() {
        GenerationRequest four = GenerationRequest.of(r -> r.classes(1, 2, 3, 4));
        assertThat(four.with(r -> r.count(1).classes(9)))
                .isEqualTo(four.with(r -> r.classes(9).count(1)));
        assertThat(four.with(r -> r.count(1).classes(9)).classes()).containsExactly(9);
    }

    @Test
    void a_single_class_or_prompt_counts_for_all_pictures_and_several_make_the_count() {
        assertThat(GenerationRequest.of(r -> r.count(3).classes(5)).classes()).containsExactly(5, 5, 5);
        assertThat(GenerationRequest.of(r -> r.prompts(List.of("a", "b"))).count())
                .isEqualTo(2);
        GenerationRequest negative =
                GenerationRequest.of(r -> r.prompts(List.of("a", "b")).negativePrompt("blurred"));
        assertThat(negative.subject().negativePrompts()).containsExactly("blurred", "blurred");
        assertThat(GenerationRequest.of(r -> r.count(3).classes(5))
                        .with(r -> r.seed(2))
                        .count())
                .isEqualTo(3);
    }

    private static void refused(String why, Consumer<RequestDraft> edit) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GenerationRequest.of(edit))
                .withMessageContaining(why);
    }

    @Test
    void what_does_not_fit_is_named() {
        refused("2 classes for 3 pictures", r -> r.classes(1, 2).count(3));
        refused("count must be > 0", r -> r.count(0));
        refused("seed must be at most", r -> r.seed(Long.MAX_VALUE).count(2));
        refused("steps must be > 0", r -> r.steps(0));
        refused("strength must lie in (0, 1]", r -> r.strength(0.0));
        refused("picture too", r -> r.mask("mask.png"));
        refused("toward must be a seed >= 0, but was -2", r -> r.toward(Toward.seed(-2)));
        refused("the end of toward must lie in [0.0, 1.0]", r -> r.toward(new Toward(2, 0, 1.5)));
        refused("toward needs noise per-image", r -> r.toward(Toward.seed(2)).noise(NoiseMode.SHARED));
        refused("negativeClass must be at least 0", r -> r.negativeClass(-1));
    }

    @Test
    void one_picture_of_a_way_keeps_its_place_on_it() {
        GenerationRequest way = GenerationRequest.of(r -> r.count(5).seed(4).toward(new Toward(9, 0.5, 1)));
        GenerationRequest middle = way.only(2);
        assertThat(middle.seed()).isEqualTo(4);
        assertThat(middle.canvas().toward()).isEqualTo(Toward.at(9, 0.75));
        assertThat(way.only(4).canvas().toward()).isEqualTo(Toward.at(9, 1));
    }

    @Test
    void its_JSON_form_holds_all_of_it() {
        GenerationRequest request = GenerationRequest.of(r -> r.prompts(List.of("a", "b"))
                .negativePrompt("c")
                .picture("in.png")
                .strength(0.6)
                .size(new SampleSize(8, 16))
                .seed(5)
                .steps(9)
                .guidance(ClassifierFree.of(4).withRescale(0.5)));
        String json = Json.pretty(Records.toMap(request));
        assertThat(Records.bind(GenerationRequest.DEFAULT, Json.object(Json.parse(json, "request")), "request"))
                .isEqualTo(request);
    }

    @Test
    void one_picture_of_a_request_has_its_own_seed_and_subject() {
        GenerationRequest one =
                GenerationRequest.of(r -> r.classes(4, 6).seed(10)).only(1);
        assertThat(one).isEqualTo(GenerationRequest.of(r -> r.classes(6).seed(11)));
    }
}
