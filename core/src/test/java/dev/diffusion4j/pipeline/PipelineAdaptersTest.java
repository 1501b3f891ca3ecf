// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipelines that share a network, each with its own adapters. */
class PipelineAdaptersTest {
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(4).count(2).seed(3));
    private static final long WIDTH = 16;

    @TempDir
    Path folder;

    private static float[] draw(DiffusionPipeline from) {
        try (GenerationResult result = from.generate(REQUEST)) {
            return Tensors.floats(result.samples());
        }
    }

    /** Products for two layers of golden/tiny-pipeline, and for a text encoder that it does not have. */
    private Path adapter(int seed) {
        Path file = folder.resolve(seed + ".safetensors");
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(seed)) {
                String layer = "unet.mid_block.attentions.0.";
                Safetensors.write(
                        file,
                        Map.of(
                                layer + "to_v.lora_A.weight",
                                random.randn(2, WIDTH),
                                layer + "to_v.lora_B.weight",
                                random.randn(WIDTH, 2),
                                layer + "to_out.0.lora_A.weight",
                                random.randn(2, WIDTH),
                                layer + "to_out.0.lora_B.weight",
                                random.randn(WIDTH, 2),
                                "text_encoder.a.lora_A.weight",
                                random.randn(2, 4),
                                "text_encoder.a.lora_B.weight",
                                random.randn(4, 2)),
                        Map.of());
            }
        });
        return file;
    }

    private static DiffusionPipeline load(LoraChoice... loras) {
        return DiffusionPipeline.load(Golden.path("tiny-pipeline"), LoadOptions.DEFAULT.withLoras(List.of(loras)));
    }

    @Test
    void two_views_with_other_adapters_draw_at_once_what_merged_pipelines_draw_and_the_pipeline_itself_stays() {
        LoraChoice one = new LoraChoice(adapter(1), 0.3);
        LoraChoice two = new LoraChoice(adapter(2), -0.2);
        try (DiffusionPipeline loaded = load();
                DiffusionPipeline merged = load(one);
                DiffusionPipeline other = load(two, one)) {
            DiffusionPipeline base = loaded.withScheduler(SchedulerKind.DDIM);
            float[] plain = draw(base);
            try (LoraView first = fit(base, one);
                    LoraView second = fit(base, two, one)) {
                DiffusionPipeline left = base.withAdapters(first);
                DiffusionPipeline right = loaded.withAdapters(second).withScheduler(SchedulerKind.DDIM);
                CompletableFuture<float[]> beside = CompletableFuture.supplyAsync(() -> draw(left));
                float[] drawn = draw(right);
                assertClose("first", beside.join(), draw(merged.withScheduler(SchedulerKind.DDIM)), 1e-4);
                assertClose("second", drawn, draw(other.withScheduler(SchedulerKind.DDIM)), 1e-4);
                assertThat(drawn).isNotEqualTo(plain);
                assertThat(left.loras()).containsExactly(one);
                assertThat(right.loras()).containsExactly(two, one);
                assertThat(left.modelHash()).isEqualTo(merged.modelHash()).isNotEqualTo(base.modelHash());
                assertThat(draw(base)).isEqualTo(plain);
                assertThat(draw(left.withAdapters(LoraView.NONE))).isEqualTo(plain);
                first.close();
                assertThatThrownBy(() -> draw(left)).hasMessage("this view is closed");
            }
        }
    }

    private static LoraView fit(DiffusionPipeline pipeline, LoraChoice... choices) {
        List<LoraView.Use> uses = new ArrayList<>();
        try {
            for (LoraChoice choice : choices) {
                uses.add(new LoraView.Use(LoraAdapter.read(choice.path()), choice.scale()));
            }
            return pipeline.fit(uses);
        } finally {
            uses.forEach(use -> use.adapter().close());
        }
    }

    @Test
    void a_pipeline_knows_how_much_of_each_adapter_counts_also_where_its_network_was_loaded_for_another() {
        Path file = adapter(1);
        LoraChoice choice = new LoraChoice(file, 1);
        LoadOptions options = LoadOptions.DEFAULT.withLoras(List.of(choice));
        PartStore store = new PartStore();
        try (DiffusionPipeline merged = DiffusionPipeline.load(Golden.path("tiny-pipeline"), options, store);
                DiffusionPipeline other = DiffusionPipeline.load(Golden.path("tiny-pipeline"), options, store);
                LoraView view = fit(other, choice)) {
            assertThat(merged.lorasApplied()).hasSize(1);
            assertThat(other.withAdapters(view).lorasApplied())
                    .hasSize(2)
                    .extracting(LoraApplied::text)
                    .containsOnly(file + ": applied 4 of 6 keys; not applied: 2 of text_encoder, which this model does"
                            + " not have");
        }
    }
}
