// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRAs under other names do what they did: oracle/golden_text_lora.py made the files, oracle/check_lora.py reads what comes out. */
class LoraConversionTest {
    @TempDir
    Path folder;

    private static Path file(String name) {
        return Golden.path("text_lora/" + name + ".safetensors");
    }

    private static Model unet() {
        return PipelineFolder.open(Golden.path("tiny-sd")).network("unet").read(Devices.cpu(), Precision.F32, null);
    }

    private static Map<String, float[]> merged(Path lora) {
        Map<String, float[]> weights = new TreeMap<>();
        try (Model model = unet();
                LoraAdapter adapter = LoraAdapter.read(lora)) {
            adapter.mergeInto(model, 1);
            TensorScope.run(
                    () -> model.stateDict().forEach((name, tensor) -> weights.put(name, Tensors.floats(tensor))));
        }
        return weights;
    }

    private Path converted(Path from, LoraLayout layout) {
        Path to = folder.resolve(layout.key() + "-of-" + from.getFileName());
        new LoraConversion(from, to, layout).run();
        return to;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sd-diffusers",
                "sd-dora",
                "sd-dora-scale",
                "sd-kohya",
                "sd-locon",
                "sd-loha",
                "sd-lokr",
                "sd-old",
                "sd-own-alphas"
            })
    void a_file_for_kohya_changes_the_weights_as_the_first_one_did(String name) {
        Path kohya = converted(file(name), LoraLayout.KOHYA);
        assertThat(keys(kohya)).allMatch(key -> key.matches("lora_(unet|te)_[^.]+\\.[a-z0-9_]+(\\.weight)?"));
        Map<String, float[]> before = merged(file(name));
        merged(kohya).forEach((weight, values) -> assertClose(weight, values, before.get(weight), 1e-6));
    }

    private static List<String> keys(Path file) {
        try (Safetensors open = Safetensors.open(file)) {
            return List.copyOf(open.tensors().keySet());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd-diffusers", "sd-dora", "sd-old", "sd-own-alphas"})
    void and_back_it_is_what_it_was(String name) {
        Path first = converted(file(name), LoraLayout.DIFFUSERS);
        Path back = converted(converted(file(name), LoraLayout.KOHYA), LoraLayout.DIFFUSERS);
        assertThat(values(back)).isEqualTo(values(first));
        assertThat(keys(back)).allMatch(key -> key.matches("(unet|text_encoder\\.text_model)\\..+\\.lora_.+"));
        Map<String, float[]> before = merged(file(name));
        merged(back).forEach((weight, values) -> assertClose(weight, values, before.get(weight), 1e-6));
    }

    private static Map<String, List<Float>> values(Path file) {
        Map<String, List<Float>> all = new TreeMap<>();
        try (Safetensors open = Safetensors.open(file)) {
            TensorScope.run(() -> open.tensors().keySet().forEach(name -> {
                float[] numbers = Tensors.floats(open.read(name));
                List<Float> list = new java.util.ArrayList<>();
                for (float number : numbers) {
                    list.add(number);
                }
                all.put(name, list);
            }));
        }
        return all;
    }

    @Test
    void each_layer_of_the_denoiser_has_a_name_that_leads_back() {
        try (Model model = unet()) {
            for (String layer : Adaptable.in(model).keySet()) {
                String flat = KohyaNames.flat(LoraComponent.UNET, layer, false);
                assertThat(KohyaNames.dotted(flat.substring("lora_unet_".length())))
                        .contains(layer);
            }
        }
        assertThat(KohyaNames.flat(LoraComponent.TEXT_ENCODER, "encoder.layers.1.mlp.fc1", true))
                .isEqualTo("lora_te1_text_model_encoder_layers_1_mlp_fc1");
        assertThat(KohyaNames.dotted("text_model_encoder_layers_1_self_attn_out_proj"))
                .contains("text_model.encoder.layers.1.self_attn.out_proj");
    }

    @Test
    void what_has_no_name_or_form_there_is_refused_and_nothing_is_replaced() {
        assertThatThrownBy(() -> converted(file("sd-loha"), LoraLayout.DIFFUSERS))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("no plain product of two matrices");
        assertThatThrownBy(() -> converted(file("xl-kohya"), LoraLayout.DIFFUSERS))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("original code");
        assertThat(folder).isEmptyDirectory();
        Path to = converted(file("sd-old"), LoraLayout.KOHYA);
        assertThatThrownBy(() -> new LoraConversion(file("sd-old"), to, LoraLayout.KOHYA).run())
                .isInstanceOf(Problem.class)
                .hasMessageContaining("there already");
        assertThatThrownBy(() -> new LoraConversion(file("sd-old"), folder.resolve("x"), LoraLayout.KOHYA).run())
                .isInstanceOf(Problem.class)
                .hasMessageContaining(".safetensors");
    }

    @Test
    void a_lora_of_two_parts_is_saved_in_one_file_and_gone_on_from_with_another_alpha() {
        LoraConfig config = LoraConfig.DEFAULT.withRank(2, 4).withTargets(List.of("to_q", "conv1", "ff.net.2"));
        Map<String, float[]> before = new TreeMap<>();
        try (Model model = unet()) {
            inject(model, config);
            PipelineLora.write(folder, Map.of(LoraComponent.UNET, model), config);
            Lora.merge(model);
            Lora.eject(model);
            TensorScope.run(
                    () -> model.stateDict().forEach((name, tensor) -> before.put(name, Tensors.floats(tensor))));
        }
        assertThat(keys(folder.resolve(PipelineLora.FILE)))
                .anyMatch(key -> key.matches("unet\\..*\\.conv1\\.lora_A\\.weight"));
        try (Model model = unet();
                LoraAdapter adapter = LoraAdapter.read(folder)) {
            inject(model, config.withRank(2, 8));
            assertThat(adapter.restore(model)).isEqualTo(adapter.size());
            Lora.merge(model);
            Lora.eject(model);
            TensorScope.run(() -> model.stateDict()
                    .forEach((name, tensor) -> assertClose(name, Tensors.floats(tensor), before.get(name), 1e-6)));
        }
    }

    /** What diffusers' save_lora_weights wrote of a denoiser and its text encoder, with peft's own settings. */
    @Test
    void a_training_goes_on_from_what_diffusers_saved_of_both_parts() {
        for (LoraComponent part : List.of(LoraComponent.UNET, LoraComponent.TEXT_ENCODER)) {
            try (LoraAdapter adapter = LoraAdapter.read(file("sd-diffusers"));
                    Model model = PipelineFolder.open(Golden.path("tiny-sd"))
                            .network(part.key())
                            .read(Devices.cpu(), Precision.F32, null)) {
                assertThat(adapter.size(part)).isPositive();
                List<String> layers = adapter.products().stream()
                        .filter(product -> product.name().isOf(part))
                        .map(product -> product.name().layer().replaceFirst("^text_model\\.", ""))
                        .toList();
                List<Long> ranks = adapter.products().stream()
                        .filter(product -> product.name().isOf(part))
                        .map(product -> product.sizes().rank())
                        .toList();
                long rank = ranks.get(0);
                inject(model, LoraConfig.DEFAULT.withRank((int) rank, 1).withTargets(layers));
                long fitting = ranks.stream().filter(own -> own == rank).count();
                assertThat(adapter.restore(part, model)).isEqualTo((int) fitting);
            }
        }
    }

    private static void inject(Model model, LoraConfig config) {
        try (RandomStream random = new RandomStream(3)) {
            Lora.inject(model, config, random);
            Lora.weights(model).values().forEach(tensor -> random.normal(tensor, 0, 0.1));
        }
    }
}
