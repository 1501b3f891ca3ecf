// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.guidance.ScaleSchedule;
import dev.diffusion4j.guidance.loss.PictureLosses;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples that are pushed down a loss: equal to the course's loops, and for all schedulers. */
class SteeringTest {
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(10).count(2).seed(3));

    private static DiffusionPipeline loaded;
    private static DiffusionPipeline pipeline;

    @BeforeAll
    static void load() {
        loaded = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
        pipeline = loaded.withScheduler(SchedulerKind.DDIM);
    }

    @AfterAll
    static void close() {
        pipeline.close();
        loaded.close();
    }

    private record Drawn(float[] samples, LossTrace trace) {
        double meanBrightness() {
            double sum = 0;
            for (float value : samples) {
                sum += value / 2 + 0.5;
            }
            return sum / samples.length;
        }
    }

    private static Drawn draw(DiffusionPipeline from, GenerationRequest request, List<LossGuidance> steering) {
        LossTrace trace = new LossTrace();
        try (DiffusionPipeline steered = from.steeredBy(steering);
                GenerationResult result = steered.generate(request, trace, new Cancellation())) {
            return new Drawn(Tensors.floats(result.samples()), trace);
        }
    }

    private static LossGuidance parse(String text) {
        try (GuideKit kit = new GuideKit()) {
            return kit.parse(text);
        }
    }

    /** 40 colour pushes of two pictures through a small network; float32 noise grows along the loop. */
    @ParameterizedTest
    @ValueSource(strings = {"cheap", "exact"})
    void equals_the_course_s_loop(String variant) {
        Drawn drawn = draw(pipeline, REQUEST, List.of(parse("color=#55FFAA:40,strength=source,gradient=" + variant)));
        try (Golden golden = Golden.open("guidance")) {
            float[] losses = golden.floats(variant + ".losses");
            List<Double> own = new ArrayList<>(
                    drawn.trace.values().values().iterator().next().values());
            for (int i = 0; i < losses.length; i++) {
                assertThat(own.get(i)).isCloseTo(losses[i], within(2e-3));
            }
            float[] expected = golden.floats(variant + ".sample");
            for (int i = 0; i < expected.length; i++) {
                assertThat(drawn.samples[i]).isCloseTo(expected[i], within(2e-3f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cheap", "exact"})
    void a_picture_is_pushed_alike_in_any_batch_and_memory_stays(String variant) {
        List<LossGuidance> steering = List.of(parse("brightness=0.9:300,gradient=" + variant));
        float[] together = draw(pipeline, REQUEST, steering).samples;
        long before = Pointer.totalCount();
        float[] alone = draw(pipeline, REQUEST.with(r -> r.batchSize(1)), steering).samples;
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        for (int i = 0; i < alone.length; i++) {
            assertThat(alone[i]).isCloseTo(together[i], within(1e-4f));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SchedulerKind.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"EDM_EULER", "FLOW_MATCH_EULER", "SCORE_SDE_VE", "TOY_MIX", "CONTINUOUS_COSINE"
            }) // made for networks of another kind
    void steers_with_every_scheduler(SchedulerKind kind) {
        try (DiffusionPipeline other = loaded.withScheduler(kind)) {
            GenerationRequest request = REQUEST.with(r -> r.steps(12).count(1));
            double plain = draw(other, request, List.of()).meanBrightness();
            double bright =
                    draw(other, request, List.of(parse("brightness=1:2000"))).meanBrightness();
            double exact = draw(other, request, List.of(parse("brightness=1:1000,gradient=exact")))
                    .meanBrightness();
            assertThat(bright).isGreaterThan(plain + 0.02);
            assertThat(exact).isGreaterThan(plain + 0.005);
        }
    }

    @Test
    void several_losses_and_one_of_one_s_own_work_together() {
        GuidanceLoss leftIsDark = pictures -> TensorScope.keepResult(
                () -> pictures.narrow(3, 0, pictures.size(3) / 2).mean(1, 2, 3));
        List<LossGuidance> both = List.of(
                LossGuidance.of("left is dark", leftIsDark, 400).withSchedule(ScaleSchedule.SQRT_ALPHAS_CUMPROD),
                LossGuidance.of("bright", PictureLosses.brightness(0.8), 200)
                        .withClippedGradient(0.05)
                        .during(0.2, 1));
        Drawn drawn = draw(pipeline, REQUEST, both);
        assertThat(drawn.trace.values().keySet()).containsExactly("left is dark", "bright");
        assertThat(drawn.trace.values().get("bright")).hasSize(8);
        assertThat(drawn.trace.summary()).contains("loss of left is dark:").contains("9: ");
        assertThat(drawn.samples).isNotEqualTo(draw(pipeline, REQUEST, List.of()).samples);
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"}) // what an application's lambda may do
    void a_loss_that_breaks_its_contract_is_named_in_one_line() {
        Map<String, GuidanceLoss> broken = Map.of(
                "gave null", pictures -> null,
                "gave the shape ()", pictures -> pictures.mean(),
                "gave the shape (2, 1)", pictures -> pictures.mean(2, 3),
                "gave a constant", pictures -> Tensors.ofDoubles(1, 1));
        broken.forEach((why, loss) -> assertThatIllegalArgumentException()
                .isThrownBy(() -> draw(pipeline, REQUEST, List.of(LossGuidance.of("mine", loss, 1))))
                .withMessageContaining("'mine' must give one loss a picture")
                .withMessageContaining(why));
    }

    @Test
    void words_are_understood_or_refused_in_one_line() {
        LossGuidance guidance =
                parse("color=55ffaa:12.5,gradient=exact,schedule=alphas_cumprod,clip-grad=0.1,from=0.2,to=0.9");
        assertThat(guidance.scale()).isEqualTo(12.5);
        assertThat(guidance.gradient()).isEqualTo(LossGuidance.Gradient.EXACT);
        assertThat(guidance.isActive(0.1)).isFalse();
        for (String[] wrong : new String[][] {
            {"color=#55FFAA", "names no scale"},
            {"color:40", "names no loss"},
            {"colr=#55FFAA:40", "did you mean 'color'"},
            {"color=green:40", "is no colour"},
            {"color=#55FFAA:NaN", "must be a number"},
            {"color=#55FFAA:4,gradeint=exact", "did you mean 'gradient'"},
            {"color=#55FFAA:4,gradient=precise", "choose one of cheap, exact"},
            {"color=#55FFAA:4,cuts=3", "looks at whole pictures"},
            {"brightness=high:4", "must be a number"},
            {"symmetry=yes:4", "left-right or top-bottom"},
            {"brightness=0.5:4,from=0.9,to=0.1", "'brightness=0.5:4,from=0.9,to=0.1': to must"},
            {"brightness=0.5:4,cuts=1,cuts=1", "says cuts twice"},
            {"sharpness=2:4", "'sharpness=2:4': sharpness must lie in [0.0, 1.0]"},
        }) {
            assertThatIllegalArgumentException()
                    .as(wrong[0])
                    .isThrownBy(() -> parse(wrong[0]))
                    .withMessageContaining(wrong[1]);
        }
        assertThat(Arrays.stream(ScaleSchedule.values()).map(ScaleSchedule::key))
                .contains("constant", "sqrt_one_minus_alphas_cumprod");
    }
}
