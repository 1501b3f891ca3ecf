// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.TokenizerFolder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a file to a folder and back; files that are broken or something else. */
class ConversionTest {
    private static final Map<String, String> EPSILON = Map.of("format", "pt", "modelspec.prediction_type", "epsilon");

    @TempDir
    Path temp;

    private Path file = Path.of("");
    private @Nullable Path config;

    @BeforeEach
    void setPlaces() {
        file = temp.resolve("model.safetensors");
    }

    private Path write(String name) throws IOException {
        SingleGolden golden = SingleGolden.tiny(name);
        golden.write(file, EPSILON);
        config = golden.configFolder(temp.resolve("config"));
        return file;
    }

    private List<String> convert(Path from, Path to, @Nullable DType format) {
        return new Conversion(from, to, format, config, Map.of()).run();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd1", "sd1-inpaint", "sd2", "xl", "xl-refiner"})
    void a_file_becomes_a_folder_and_the_same_file_again(String name) throws IOException {
        write(name);
        Path folder = temp.resolve("folder");
        Path back = temp.resolve("back.safetensors");
        Path again = temp.resolve("again");
        assertThat(convert(file, folder, null)).isEmpty();
        assertThat(convert(folder, back, null)).isEmpty();
        assertThat(back).hasSameBinaryContentAs(file);
        convert(back, again, null);
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile))
                    .hasSizeGreaterThan(10)
                    .allSatisfy(each ->
                            assertThat(again.resolve(folder.relativize(each))).hasSameBinaryContentAs(each));
        }
    }

    @Test
    void weights_are_written_in_the_format_that_is_asked_for() throws IOException {
        write("sd1");
        Path folder = temp.resolve("folder");
        convert(file, folder, DType.BF16);
        try (Safetensors half = Safetensors.open(file);
                WeightSource bf16 = Safetensors.open(folder.resolve("unet/diffusion_pytorch_model.safetensors"))) {
            assertThat(bf16.tensors().values()).allMatch(info -> info.dtype() == DType.BF16);
            TensorScope.run(() -> assertThat(Tensors.floats(bf16.read("conv_out.bias")))
                    .isEqualTo(Tensors.floats(
                            half.read("model.diffusion_model.out.2.bias").to(DType.BF16.scalarType()))));
        }
        assertThat(folder.resolve("text_encoder/config.json")).content().contains("\"torch_dtype\": \"bfloat16\"");
    }

    @Test
    void what_the_denoiser_predicts_goes_with_the_file() throws IOException {
        write("sd1");
        Path folder = temp.resolve("v");
        Path marked = temp.resolve("marked.safetensors");
        new Conversion(
                        file,
                        folder,
                        null,
                        config,
                        Map.of("prediction_type", "v_prediction", "rescale_betas_zero_snr", true))
                .run();
        convert(folder, marked, null);
        try (Safetensors weights = Safetensors.open(marked)) {
            assertThat(weights.tensors()).containsKeys("v_pred", "ztsnr");
        }
        Files.delete(config.resolve("scheduler/scheduler_config.json"));
        convert(marked, temp.resolve("again"), null);
        assertThat(temp.resolve("again/scheduler/scheduler_config.json"))
                .content()
                .contains("DDIMScheduler", "\"prediction_type\": \"v_prediction\"", "\"rescale_betas_zero_snr\": true");
    }

    @Test
    void a_part_that_the_file_lacks_comes_from_the_config_folder_or_is_named() throws IOException {
        write("sd1");
        Path whole = temp.resolve("whole");
        convert(file, whole, null);
        change(tensors -> tensors.keySet().removeIf(name -> name.startsWith("first_stage_model.")));
        assertThat(convert(file, temp.resolve("without"), null)).singleElement().isEqualTo("the file holds no 'vae'");
        assertThat(temp.resolve("without/vae")).doesNotExist();
        config = whole;
        assertThat(convert(file, temp.resolve("with"), null)).isEmpty();
        String vae = "vae/diffusion_pytorch_model.safetensors";
        assertThat(temp.resolve("with").resolve(vae)).hasSameBinaryContentAs(whole.resolve(vae));
    }

    private void change(Consumer<Map<String, Tensor>> change) {
        TensorScope.run(() -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            try (Safetensors old = Safetensors.open(file)) {
                old.tensors().keySet().forEach(name -> tensors.put(name, old.read(name)));
            }
            change.accept(tensors);
            Safetensors.write(file, tensors, EPSILON);
        });
    }

    private void assertRefused(String... words) {
        Path folder = temp.resolve("refused");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> convert(file, folder, null))
                .satisfies(e -> assertThat(e.getMessage()).contains(words).doesNotContain("\n"));
        assertThat(folder).doesNotExist();
        assertThat(temp).isDirectoryNotContaining(path -> path.toString().contains("refused"));
    }

    @Test
    void what_is_missing_unknown_or_something_else_is_said_in_one_line() throws IOException {
        write("sd1");
        change(tensors ->
                tensors.remove("model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight"));
        assertRefused("(unet)", "1 tensor is missing", "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight");

        write("sd1");
        change(tensors -> tensors.put(
                "model.diffusion_model.input_blocks.1.2.temporal.weight",
                Objects.requireNonNull(tensors.get("model.diffusion_model.out.2.bias"))));
        assertRefused("1 tensors that Stable Diffusion 1 has not", "input_blocks.1.2.temporal.weight");

        write("sd1");
        change(tensors -> tensors.keySet().removeIf(name -> !name.endsWith("out.2.bias")));
        assertRefused("layout that is not known", "model.diffusion_model.out.2.bias", "Stable Diffusion 1, 2 or XL");

        change(tensors -> tensors.put(
                "lora_unet_x.lora_up.weight", tensors.values().iterator().next()));
        assertRefused("is a LoRA, not a model");

        write("sd1");
        try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
            cut.setLength(cut.length() - 10);
        }
        assertRefused(file.toString(), "bytes");

        Files.write(file, new byte[] {(byte) 0x80, 2, 'c', 'o', 's', '\n', 's', 'y', 's', 't', 'e', 'm', '\n', '.'});
        assertRefused("calls 'os.system'");
    }

    @Test
    void heads_and_a_vocabulary_that_the_file_does_not_say_are_asked_for() throws IOException {
        write("sd2");
        config = null;
        assertRefused("(unet)", "how many heads and groups", "config");
        write("sd1");
        Files.delete(Objects.requireNonNull(config).resolve("tokenizer/tokenizer.json"));
        assertRefused("holds no vocabulary", "'tokenizer'", "config");
        file = write("sd1").resolveSibling("nowhere.safetensors");
        assertRefused("there is no file or folder");
    }

    @Test
    void a_vocabulary_beside_the_file_serves_each_text_encoder_as_its_model_pads() throws IOException {
        write("xl");
        for (String name : List.of("tokenizer", "tokenizer_2")) {
            Files.delete(Objects.requireNonNull(config).resolve(name).resolve("tokenizer.json"));
        }
        Files.copy(Golden.path("text/sd1/tokenizer/tokenizer.json"), temp.resolve("tokenizer.json"));
        Path folder = temp.resolve("folder");
        convert(file, folder, null);
        assertThat(TokenizerFolder.read(folder.resolve("tokenizer")).settings().padding())
                .isEqualTo("<|endoftext|>");
        assertThat(TokenizerFolder.read(folder.resolve("tokenizer_2"))
                        .settings()
                        .padding())
                .isEqualTo("!");
    }

    @Test
    void a_folder_is_new_and_no_pickle_is_written() throws IOException {
        write("sd1");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> convert(file, temp, null))
                .withMessageContaining("must be a new folder");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> convert(file, temp.resolve("model.ckpt"), null))
                .withMessageContaining("ends in .safetensors");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> convert(Golden.path("tiny-pipeline"), temp.resolve("pixels.safetensors"), null))
                .withMessageContaining(
                        "has a UNet2DModel as 'unet', which the original layout of Stable Diffusion has no place for");
    }
}
