// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs, models, LoRAs and pictures that an earlier version wrote; {@code before/README.md} says which and how. Another processor
 * computes other last bits, so numbers are compared within a tolerance.
 */
class EarlierFilesTest {
    private static final Path BEFORE = Path.of("src/test/resources/before");
    private static final Path WEIGHTS = Path.of("unet/diffusion_pytorch_model.safetensors");

    @TempDir
    Path folder;

    private static String run(String arguments) {
        Command.Outcome outcome = Command.run(arguments.split(" "));
        assertThat(outcome.err()).doesNotContain("diffuse:");
        assertThat(outcome.code()).isZero();
        return outcome.out();
    }

    /** A copy of a run that was stopped, with the place of the network that it adapts. */
    private Path unzip(String run) throws IOException {
        try (FileSystem zip = FileSystems.newFileSystem(BEFORE.resolve("runs.zip"));
                Stream<Path> files = Files.walk(zip.getPath(run))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(file.toString());
                Files.createDirectories(copy.resolveSibling("."));
                Files.copy(file, copy);
            }
        }
        Path recipe = folder.resolve(run).resolve("recipe.yaml");
        Files.writeString(
                recipe,
                Files.readString(recipe)
                        .replace(
                                "from: BASE", "from: " + BEFORE.resolve("model").toAbsolutePath()));
        return folder.resolve(run);
    }

    @ParameterizedTest
    @CsvSource({"run, 4, 10, model-metrics.jsonl", "lora-run, 1, 3, lora-metrics.jsonl"})
    void a_stopped_run_goes_on_to_the_end_that_it_had(String name, int stopped, int end, String metrics)
            throws IOException {
        Path run = unzip(name);
        Object data = state(run, stopped).get("data");
        run("train --allow-drift --resume " + run);
        assertThat(state(run, end)).as("the same pictures").containsEntry("data", data);

        List<Map<String, Object>> expected = JsonlTracker.read(BEFORE.resolve(metrics));
        List<Map<String, Object>> lines = JsonlTracker.read(run.resolve("metrics.jsonl"));
        assertThat(lines).hasSize(end).hasSameSizeAs(expected);
        for (int i = 0; i < end; i++) {
            assertThat(lines.get(i)).containsEntry("lr", expected.get(i).get("lr"));
            assertThat(loss(lines.get(i))).isCloseTo(loss(expected.get(i)), within(1e-3));
        }
        if (name.equals("run")) {
            near(run.resolve("model").resolve(WEIGHTS), BEFORE.resolve("model").resolve(WEIGHTS));
            assertThat(run("info " + run.resolve("model"))).contains("UNet2DModel");
        } else {
            Path weights = Path.of("lora/adapter_model.safetensors");
            near(run.resolve(weights), BEFORE.resolve(weights));
        }
    }

    private static Map<String, Object> state(Path run, int step) {
        return new TreeMap<>(Json.readObject(run.resolve("checkpoints/step-%08d/state.json".formatted(step))));
    }

    private static double loss(Map<String, Object> line) {
        return ((Number) line.get("loss")).doubleValue();
    }

    /** A key's bias changes no attention: its gradient is nothing but rounding, which Adam makes large. */
    private static void near(Path actual, Path expected) {
        TensorScope.run(() -> {
            try (Safetensors ours = Safetensors.open(actual);
                    Safetensors theirs = Safetensors.open(expected)) {
                assertThat(ours.tensors().keySet()).isEqualTo(theirs.tensors().keySet());
                for (String name : theirs.tensors().keySet()) {
                    if (!name.endsWith("to_k.bias")) {
                        assertThat(Tensors.floats(ours.read(name)))
                                .as(name)
                                .containsExactly(Tensors.floats(theirs.read(name)), within(1e-3f));
                    }
                }
            }
        });
    }

    /** Notes name the model and the LoRA by their places, seen from this module. */
    @ParameterizedTest
    @ValueSource(strings = {"guided", "shared-noise", "lora"})
    void a_picture_is_drawn_again_from_its_note(String name) throws IOException {
        Path picture = BEFORE.resolve("pictures").resolve(name + ".png");
        run("sample --from " + picture + " --out " + folder);
        assertThat(levels(folder.resolve("0000.png"))).containsExactly(levels(picture), within(1f));
        assertThat(run("info " + picture)).contains("\"model_hash\": \"", "parameters: \"Steps: 4, Sampler: ddim");
    }

    @Test
    void a_lora_changes_what_the_model_draws() throws IOException {
        String sample = "sample --steps 4 --scheduler ddim --class 7 --seed 6 --model " + BEFORE.resolve("model");
        run(sample + " --out " + folder.resolve("plain"));
        run(sample + " --out " + folder.resolve("adapted") + " --lora " + BEFORE.resolve("lora") + ":3");
        float[] adapted = levels(folder.resolve("adapted/0000.png"));
        assertThat(adapted).isNotEqualTo(levels(folder.resolve("plain/0000.png")));
        assertThat(adapted).containsExactly(levels(BEFORE.resolve("pictures/lora.png")), within(1f));
    }

    private static float[] levels(Path picture) throws IOException {
        var image = ImageIO.read(picture.toFile());
        return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (float[]) null);
    }

    @Test
    void info_reads_a_model_and_an_adapter() {
        assertThat(run("info " + BEFORE.resolve("model"))).contains("UNet2DModel", "parameters: 3,225");
        assertThat(run("info " + BEFORE.resolve("lora/adapter_model.safetensors")))
                .contains("F32: 672"); // numbers of rank 2
    }
}
