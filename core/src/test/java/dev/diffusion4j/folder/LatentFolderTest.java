// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.ModelInfo;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder of a StableDiffusionPipeline, as diffusers saved it: several networks, not all of them known. */
class LatentFolderTest {
    private static final Path FOLDER = Golden.path("tiny-latent");
    private static final Path TEXT_WEIGHTS = FOLDER.resolve("text_encoder/model.safetensors");

    private static final ModelClass TEXT = ModelClass.ofTransformers("CLIPTextModel", ModelRole.TEXT_ENCODER);
    private static final ModelFamilies WITH_TEXT = ModelFamilies.BUILT_IN.with(
            new ModelFamily(TEXT, config -> new AnyNetwork(TEXT, config, TEXT_WEIGHTS), null));

    @TempDir
    Path temp;

    /** A network with the weights that a file has, which computes nothing. */
    private static final class AnyNetwork extends Model {
        AnyNetwork(ModelClass modelClass, Map<String, ?> config, Path like) {
            super(modelClass, config);
            try (WeightSource weights = Safetensors.open(like)) {
                new Branch(weights.tensors()).children.forEach(this::child);
            }
        }
    }

    private static final class Branch extends Layer {
        private final Map<String, Layer> children = new LinkedHashMap<>();

        Branch(Map<String, TensorInfo> tensors) {
            Map<String, Map<String, TensorInfo>> below = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> {
                int dot = name.indexOf('.');
                if (dot < 0) {
                    parameter(name, tensor.sizes());
                } else {
                    below.computeIfAbsent(name.substring(0, dot), key -> new LinkedHashMap<>())
                            .put(name.substring(dot + 1), tensor);
                }
            });
            below.forEach((name, inner) -> children.put(name, child(name, new Branch(inner))));
        }
    }

    @Test
    void all_parts_are_listed_with_their_library_class_and_place() {
        ComponentMap map = PipelineFolder.open(FOLDER).components();
        assertThat(map.pipelineClass()).isEqualTo("StableDiffusionPipeline");
        assertThat(map.components().keySet())
                .containsExactly("scheduler", "text_encoder", "tokenizer", "unet", "vae"); // not those of two nulls
        assertThat(map.find("text_encoder"))
                .contains(new Component("text_encoder", "transformers", "CLIPTextModel", FOLDER));
        assertThat(map.find("vae").orElseThrow().folder()).isEqualTo(FOLDER.resolve("vae"));
        assertThat(map.find("tokenizer").orElseThrow().configFile())
                .isEqualTo(FOLDER.resolve("tokenizer/tokenizer_config.json"));
        assertThat(map.find("feature_extractor")).isEmpty();
    }

    /** A folder that names a part of a class that this library will never know. */
    private Path withUnknownPart() throws IOException {
        Files.writeString(
                temp.resolve("model_index.json"),
                """
                {"_class_name": "WildPipeline", "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
                 "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DModel"], "wild": ["wild", "WildModel"]}
                """);
        return temp;
    }

    @Test
    void parts_of_known_families_have_a_role_and_the_first_of_the_others_is_named_in_one_line() throws IOException {
        Path folder = withUnknownPart();
        ComponentMap map = PipelineFolder.open(folder).components();
        assertThat(map.find("scheduler").orElseThrow().isKnown(ModelFamilies.BUILT_IN))
                .isTrue();
        assertThat(map.find("tokenizer").orElseThrow().isKnown(ModelFamilies.BUILT_IN))
                .isTrue();
        assertThat(map.find("text_encoder")
                        .orElseThrow()
                        .family(ModelFamilies.BUILT_IN)
                        .orElseThrow())
                .extracting(family -> family.modelClass().role())
                .isEqualTo(ModelRole.TEXT_ENCODER);
        assertThat(map.firstUnknown(ModelFamilies.BUILT_IN).orElseThrow().name())
                .isEqualTo("wild");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> DiffusionPipeline.load(folder).close())
                .withMessage(folder + " has the part 'wild' (WildModel of wild) in model_index.json, which is not"
                        + " supported: a pipeline here is a network and its scheduler");
    }

    @Test
    void a_part_of_a_known_family_is_read_by_its_stem() {
        Component text = PipelineFolder.open(FOLDER, WITH_TEXT)
                .components()
                .find("text_encoder")
                .orElseThrow();
        ModelFamily family = text.family(WITH_TEXT).orElseThrow();
        try (Model model = new ComponentNetwork(text, family).read(Devices.cpu(), Precision.F32, null)) {
            assertHoldsTheWeights(model);
            PipelineFolder.write(temp, model, null, new SaveOptions(null, 2000)); // in several files
            assertThat(temp.resolve("text_encoder/model.safetensors.index.json"))
                    .exists();
        }
        try (Model again = PipelineFolder.open(temp, WITH_TEXT).readModel(Devices.cpu(), Precision.F32, null)) {
            assertHoldsTheWeights(again);
        }
    }

    private static void assertHoldsTheWeights(Model model) {
        TensorScope.run(() -> {
            try (WeightSource file = Safetensors.open(TEXT_WEIGHTS)) {
                Map<String, Tensor> read = model.stateDict();
                assertThat(read.keySet()).isEqualTo(file.tensors().keySet());
                read.forEach((name, tensor) ->
                        assertThat(Tensors.floats(tensor)).as(name).isEqualTo(Tensors.floats(file.read(name))));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet", "vae"})
    void the_denoiser_and_the_autoencoder_are_read_as_diffusers_saved_them(String name) {
        Component part = PipelineFolder.open(FOLDER).components().find(name).orElseThrow();
        ModelFamily family = ModelFamilies.BUILT_IN.named(part.className(), "a test");
        TensorScope.run(() -> {
            try (Model model = new ComponentNetwork(part, family).read(Devices.cpu(), Precision.F32, null);
                    WeightSource file =
                            Safetensors.open(part.folder().resolve("diffusion_pytorch_model.safetensors"))) {
                Map<String, Tensor> read = model.stateDict();
                assertThat(read.keySet()).isEqualTo(file.tensors().keySet());
                read.forEach((key, tensor) ->
                        assertThat(Tensors.floats(tensor)).as(key).isEqualTo(Tensors.floats(file.read(key))));
                Map<String, Object> config = Json.readObject(part.configFile());
                config.keySet().removeIf(key -> key.startsWith("_"));
                assertThat(Json.compact(new TreeMap<>(model.config())).replace(".0", ""))
                        .isEqualTo(Json.compact(new TreeMap<>(config)).replace(".0", ""));
            }
        });
    }

    @Test
    void parts_are_written_under_their_names_and_read_back() {
        Component text = new Component("text_encoder", "transformers", "CLIPTextModel", FOLDER);
        ModelFamily family = WITH_TEXT.named("CLIPTextModel", "a test");
        try (Model model = new ComponentNetwork(text, family).read(Devices.cpu(), Precision.F32, null)) {
            ComponentWriter writer = new ComponentWriter(temp, ComponentMap.empty(temp), SaveOptions.DEFAULT);
            writer.write("text_encoder", model);
            writer.write("text_encoder_2", model);
            writer.write(SchedulerKind.DDIM.create(Map.of()));
            writer.finish("StableDiffusionXLPipeline");
        }
        ComponentMap map = ComponentMap.read(temp);
        assertThat(map.pipelineClass()).isEqualTo("StableDiffusionXLPipeline");
        assertThat(map.components().keySet()).containsExactlyInAnyOrder("text_encoder", "text_encoder_2", "scheduler");
        assertThat(map.firstUnknown(WITH_TEXT)).isEmpty();
        Component second = map.find("text_encoder_2").orElseThrow();
        try (Model again = new ComponentNetwork(second, family).read(Devices.cpu(), Precision.F32, null)) {
            assertHoldsTheWeights(again);
        }
    }

    @Test
    void info_lists_all_parts_with_their_weights() {
        Map<String, Object> info = ModelInfo.of(FOLDER);
        assertThat(info).containsEntry("pipeline", "StableDiffusionPipeline");
        assertThat(Json.object(info.get("tokenizer")))
                .containsEntry("tokens", 54)
                .containsEntry("max_length", 8);
        assertThat(info.keySet()).contains("scheduler", "text_encoder", "tokenizer", "unet", "vae");
        for (String part : new String[] {"text_encoder", "unet", "vae"}) {
            Map<String, Object> values = Json.object((Map<?, ?>) info.get(part));
            assertThat(values).as(part).containsKeys("parameters", "role");
            Path file = FOLDER.resolve(part)
                    .resolve(part.equals("text_encoder") ? "model.safetensors" : "diffusion_pytorch_model.safetensors");
            try (WeightSource weights = Safetensors.open(file)) {
                assertThat((Map<?, ?>) values.get("weights"))
                        .as(part)
                        .extracting("tensors")
                        .isEqualTo((long) weights.tensors().size());
            }
        }
    }

    @Test
    void saving_over_a_folder_keeps_its_other_parts_and_settings() throws Exception {
        Path original = Golden.path("tiny-pipeline");
        for (String file : new String[] {
            "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json"
        }) {
            Files.createDirectories(temp.resolve(file).getParent());
            Files.copy(original.resolve(file), temp.resolve(file));
        }
        Files.writeString(
                temp.resolve("model_index.json"),
                """
                {"_class_name": ["pipeline", "GuardedPipeline"], "requires_safety_checker": true, "scheduler": ["diffusers", "DDPMScheduler"],
                 "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "unet": ["diffusers", "UNet2DModel"]}
                """);
        Map<String, Object> before = Json.readObject(temp.resolve("model_index.json"));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(temp)) {
            pipeline.save(temp);
            pipeline.save(temp.resolve("elsewhere"));
        }
        Map<String, Object> after = Json.readObject(temp.resolve("model_index.json"));
        after.remove("_diffusers_version");
        assertThat(after).isEqualTo(before);
        DiffusionPipeline.load(temp).close();
        assertThat(ComponentMap.read(temp.resolve("elsewhere")).components().keySet())
                .containsExactlyInAnyOrder("unet", "scheduler");
    }

    @Test
    void the_folder_of_a_run_is_loaded_and_shown_as_its_model_is() throws Exception {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-pipeline"))) {
            pipeline.save(temp.resolve("run/model"));
        }
        DiffusionPipeline.load(temp.resolve("run")).close();
        assertThat(ModelInfo.of(temp.resolve("run"))).isEqualTo(ModelInfo.of(temp.resolve("run/model")));
    }
}
