// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.PickledWeights;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubServer;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a repository's pipeline are fetched, and which pipelines are none of ours. */
final class HubPipelineTest {
    private static final HubRepo REPO = HubRepo.model("ada/digits");
    private static final String WEIGHTS = "unet/diffusion_pytorch_model.safetensors";
    private static final String PICKLED = "unet/diffusion_pytorch_model.bin";

    @TempDir
    Path home;

    private final Path tiny = Golden.path("tiny-pipeline");
    private final Map<String, byte[]> files = new HashMap<>();
    private HubServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new HubServer();
        for (String name :
                new String[] {"model_index.json", "unet/config.json", "scheduler/scheduler_config.json", WEIGHTS}) {
            files.put(name, Files.readAllBytes(tiny.resolve(name)));
        }
    }

    @AfterEach
    void end() {
        server.close();
    }

    private Path fetch() {
        server.commit(REPO, files);
        HubClient client = new HubClient(HubSettings.of(Map.of("HF_ENDPOINT", server.endpoint()), home));
        return PipelinePlace.fetch(REPO, null, ModelFamilies.BUILT_IN, client);
    }

    @Test
    void safetensors_are_fetched_and_the_pickle_beside_them_is_not() {
        files.put(PICKLED, new byte[2000]);
        Path folder = fetch();
        assertThat(folder.resolve(WEIGHTS)).exists();
        assertThat(folder.resolve(PICKLED)).doesNotExist();
    }

    @Test
    void all_parts_of_a_text_to_image_model_are_fetched_but_no_safety_checker() throws IOException {
        files.clear();
        Path model = Golden.path("tiny-sd");
        try (var paths = Files.walk(model)) {
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                files.put(model.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
            }
        }
        files.put("safety_checker/model.safetensors", new byte[2000]);
        Path folder = fetch();
        assertThat(folder.resolve("safety_checker/model.safetensors")).doesNotExist();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder)) {
            assertThat(pipeline.codec().scaleFactor()).isEqualTo(2);
        }
    }

    @Test
    void pickled_weights_alone_are_read_as_data() throws IOException {
        files.remove(WEIGHTS);
        files.put(PICKLED, PickledWeights.of(tiny.resolve(WEIGHTS)));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(fetch())) {
            pipeline.save(home.resolve("saved"));
        }
        assertThat(Hashes.sha256(home.resolve("saved").resolve(WEIGHTS)))
                .isEqualTo(Hashes.sha256(tiny.resolve(WEIGHTS)));
    }

    @Test
    void a_variant_is_fetched_where_there_is_no_plain_file() {
        String fp16 = "unet/diffusion_pytorch_model.fp16.safetensors";
        files.put(fp16, files.remove(WEIGHTS));
        Path folder = fetch();
        assertThat(folder.resolve(fp16)).exists();
        DiffusionPipeline.load(folder).close();
    }

    @Test
    void a_pickle_that_is_a_program_is_not_run() throws IOException {
        files.remove(WEIGHTS);
        files.put(PICKLED, Files.readAllBytes(Golden.path("pickle/evil_zip.bin")));
        Path folder = fetch();
        assertThatThrownBy(() -> DiffusionPipeline.load(folder).close())
                .isInstanceOf(Problem.class)
                .hasMessageContaining("calls 'posix.system'; such files are not opened");
    }

    @Test
    void a_network_of_another_class_is_named_and_its_weights_are_not_fetched() {
        String index = new String(files.get("model_index.json"), StandardCharsets.UTF_8);
        files.put(
                "model_index.json",
                index.replace("UNet2DModel", "UNetSpatioTemporalModel").getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::fetch)
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("ada/digits on the Hub holds a network of the class 'UNetSpatioTemporalModel'")
                .hasMessageContaining("not supported; supported are UNet2DModel, ");
        files.put(
                "model_index.json",
                index.replace("\"unet\"", "\"vae\": [\"diffusers\", \"VQModel\"], \"unet\"")
                        .getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(this::fetch)
                .isInstanceOf(Problem.class)
                .hasMessageContaining(
                        "ada/digits on the Hub has the part 'vae' (VQModel of diffusers) in model_index.json, which is"
                                + " not supported");
        assertThat(server.requests()).noneMatch(request -> request.host().equals("storage"));
    }

    private HubClient offline() {
        return HubServer.client(HubSettings.of(Map.of("HF_ENDPOINT", server.endpoint(), "HF_HUB_OFFLINE", "1"), home));
    }

    @Test
    void without_a_network_a_model_is_taken_as_it_was() {
        Path folder = fetch();
        server.close();
        HubClient client = HubServer.client(HubSettings.of(Map.of("HF_ENDPOINT", server.endpoint()), home));
        assertThat(PipelinePlace.fetch(REPO, null, ModelFamilies.BUILT_IN, client))
                .isEqualTo(folder);
        assertThat(PipelinePlace.fetch(REPO, null, ModelFamilies.BUILT_IN, offline()))
                .isEqualTo(folder);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void offline_weights_that_were_not_fetched_are_said_to_be_missing_here(boolean isListKnown) throws IOException {
        Path folder = fetch();
        Files.delete(folder.resolve(WEIGHTS));
        String missing = WEIGHTS;
        if (!isListKnown) {
            AtomicFile.deleteTree(folder.getParent().resolveSibling(".diffusion4j"));
            missing = "a file of weights in unet/";
        }
        assertThatThrownBy(() -> PipelinePlace.fetch(REPO, null, ModelFamilies.BUILT_IN, offline()))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("HF_HUB_OFFLINE is set, and " + missing + " of ada/digits is not in ");
    }

    /** A LoRA as peft has it in a repository. */
    private HubRepo lora() {
        HubRepo lora = HubRepo.model("ada/thin");
        server.commit(
                lora,
                Map.of(
                        "adapter_config.json",
                        "{}".getBytes(StandardCharsets.UTF_8),
                        "adapter_model.safetensors",
                        new byte[2000],
                        "optimizer.pt",
                        new byte[3000]));
        return lora;
    }

    @Test
    void a_lora_is_fetched_as_one_and_used_without_a_network() {
        HubRepo lora = lora();
        HubClient client = HubServer.client(HubSettings.of(Map.of("HF_ENDPOINT", server.endpoint()), home));
        Path folder = PipelinePlace.fetch(lora, client);
        assertThat(folder.resolve("adapter_model.safetensors")).exists();
        assertThat(folder.resolve("adapter_config.json")).exists();
        assertThat(folder.resolve("optimizer.pt")).doesNotExist();
        server.close();
        assertThat(LoraPlace.fetch(client.contents(lora), client)).isEqualTo(folder);
        assertThat(LoraPlace.fetch(offline().contents(lora), offline())).isEqualTo(folder);
        assertThatThrownBy(() -> PipelinePlace.fetch(lora, null, ModelFamilies.BUILT_IN, offline()))
                .hasMessage("ada/thin is a LoRA, not a model: give it as loras, or lora.from");
    }

    @Test
    void a_lora_and_a_model_are_not_taken_for_each_other() {
        HubRepo lora = lora();
        fetch();
        HubClient client = HubServer.client(HubSettings.of(Map.of("HF_ENDPOINT", server.endpoint()), home));
        assertThatThrownBy(() -> PipelinePlace.fetch(lora, null, ModelFamilies.BUILT_IN, client))
                .isInstanceOf(Problem.class)
                .hasMessage("ada/thin is a LoRA, not a model: give it as loras, or lora.from");
        assertThatThrownBy(() -> LoraPlace.fetch(client.contents(REPO), client))
                .isInstanceOf(Problem.class)
                .hasMessage("ada/digits is a model, not a LoRA: give it as model");
    }
}
