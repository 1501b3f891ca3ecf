// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A LoRA, or a part of a network, learns; the rest stays as it is to the last bit. */
class LoraRunTest {
    private static final List<String> TINY = List.of(
            "data.source=digits",
            "data.image_size=16",
            "data.limit=48",
            "training.batch_size=8",
            "training.max_steps=6",
            "training.checkpoint_every_steps=2",
            "samples.every_epochs=0",
            "samples.count=0");

    @TempDir
    Path folder;

    private static List<String> with(List<String> all, String... more) {
        List<String> changes = new ArrayList<>(all);
        changes.addAll(List.of(more));
        return changes;
    }

    private Path base() {
        Path path = folder.resolve("base");
        List<String> changes = with(TINY, "model.config.block_out_channels=[8, 16]", "training.max_steps=2");
        run(TrainingRun.start(Recipes.load("digits-cross-attention", changes), path));
        return path.resolve("model");
    }

    private static RunSummary run(TrainingRun run) {
        return run.run(new RunListener() {}, () -> false);
    }

    private static void runUntil(TrainingRun run, long last) {
        boolean[] reached = {false};
        RunListener listener = new RunListener() {
            @Override
            public void onStep(RunProgress progress) {
                reached[0] |= progress.step() == last;
            }
        };
        assertThat(run.run(listener, () -> reached[0]).finished()).isFalse();
    }

    private static TreeMap<String, String> contents(Path path) throws IOException {
        TreeMap<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(path.relativize(file).toString(), Hashes.sha256(file));
            }
        }
        return all;
    }

    @Test
    void a_lora_learns_and_the_network_stays() throws IOException {
        Path base = base();
        TreeMap<String, String> before = contents(base);
        Recipe recipe = Recipes.load("digits-lora", with(TINY, "model.from=" + base, "lora.dropout=0.1"));
        Path whole = folder.resolve("whole");
        assertThat(run(TrainingRun.start(recipe, whole)).finished()).isTrue();
        assertThat(contents(base)).isEqualTo(before);
        assertThat(whole.resolve("model")).doesNotExist();
        Path checkpoint = whole.resolve("checkpoints/step-00000006/model.safetensors");
        try (Safetensors saved = Safetensors.open(checkpoint)) {
            assertThat(saved.tensors().keySet())
                    .hasSize(2 * 3 * 3) // three blocks, three layers each
                    .allMatch(name -> name.matches(".*crossattn\\.w_[qkv]\\.lora_[AB]\\.weight"));
        }

        Path parts = folder.resolve("parts");
        runUntil(TrainingRun.start(recipe, parts), 3);
        assertThat(run(TrainingRun.resume(parts, false)).finished()).isTrue();
        assertThat(contents(parts.resolve("lora"))).isEqualTo(contents(whole.resolve("lora")));
        assertThat(parts.resolve("lora/adapter_config.json")).exists();

        float[] plain = draw(base, List.of());
        assertThat(draw(base, List.of(new LoraChoice(whole, 0)))).isEqualTo(plain);
        float[] adapted = draw(base, List.of(new LoraChoice(whole.resolve("lora"), 40)));
        assertThat(distance(adapted, plain)).isGreaterThan(1e-3);
        float[] both = draw(base, List.of(new LoraChoice(whole, 15), new LoraChoice(parts, 25)));
        assertThat(distance(adapted, both)).isLessThan(1e-3);
    }

    private static float[] draw(Path model, List<LoraChoice> loras) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.classes(List.of(4)).steps(2));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model, LoadOptions.DEFAULT.withLoras(loras));
                GenerationResult result = pipeline.generate(request)) {
            return TensorScope.compute(() -> Tensors.floats(result.samples()));
        }
    }

    private static double distance(float[] a, float[] b) {
        double most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - b[i]));
        }
        return most;
    }

    @Test
    void an_adapter_is_gone_on_from_as_far_as_it_fits() {
        Path base = base();
        Path first = folder.resolve("first");
        run(TrainingRun.start(
                Recipes.load("digits-lora", with(TINY, "model.from=" + base, "lora.targets=[w_v]")), first));
        List<String> onwards = with(
                TINY,
                "model.from=" + base,
                "lora.from=" + first,
                "training.max_steps=1",
                "training.optimizer.learning_rate=1e-30"); // too small a step to be seen
        Path second = folder.resolve("second");
        run(TrainingRun.start(Recipes.load("digits-lora", onwards), second));
        Map<String, String> before = adapter(first);
        Map<String, String> after = adapter(second);
        assertThat(before.keySet()).hasSize(2 * 3).allMatch(name -> name.contains(".w_v."));
        assertThat(after).hasSize(2 * 3 * 3).containsAllEntriesOf(before);
        before.forEach((name, values) -> assertThat(values).as(name).containsPattern("[1-9]"));

        Path other = folder.resolve("other");
        Recipe none = Recipes.load("digits-lora", with(onwards, "lora.rank=4"));
        assertThatThrownBy(() -> TrainingRun.start(none, other))
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll("lora.from", "first", "fills none of the 9 LoRA layers", "lora.rank 4");
        assertThat(other).doesNotExist();
    }

    private static Map<String, String> adapter(Path run) {
        return read(run.resolve("lora/adapter_model.safetensors"));
    }

    @Test
    void a_base_that_is_kept_in_bf16_takes_half_the_memory_and_teaches_what_its_rounded_weights_do()
            throws IOException {
        Path base = base();
        TreeMap<String, String> before = contents(base);
        List<String> same =
                with(TINY, "training.dtype=f32", "samples.count=1", "samples.steps=2", "samples.every_epochs=1");
        Recipe recipe = Recipes.load("digits-lora", with(same, "model.from=" + base, "training.frozen_dtype=bf16"));
        Path whole = folder.resolve("whole");
        TrainingRun run = TrainingRun.start(recipe, whole);
        assertThat(bytes(run.recipe()))
                .isEqualTo(bytes(run.recipe().with(r -> r.training.frozenDtype = Precision.F32)) / 2);
        assertThat(run(run).finished()).isTrue();
        assertThat(contents(base)).isEqualTo(before);
        assertThat(contents(whole).keySet()).as("pictures on the way").anyMatch(name -> name.endsWith(".png"));
        Path parts = folder.resolve("parts");
        runUntil(TrainingRun.start(recipe, parts), 3);
        assertThat(run(TrainingRun.resume(parts, false)).finished()).isTrue();
        assertThat(contents(parts.resolve("lora"))).isEqualTo(contents(whole.resolve("lora")));

        Path full = folder.resolve("full");
        run(TrainingRun.start(Recipes.load("digits-lora", with(same, "model.from=" + rounded(base))), full));
        Map<String, float[]> wanted = learnt(full);
        Map<String, float[]> found = learnt(whole);
        assertThat(found.keySet()).isEqualTo(wanted.keySet());
        found.forEach((name, values) -> assertThat(distance(values, java.util.Objects.requireNonNull(wanted.get(name))))
                .as(name)
                .isLessThan(1e-5));
    }

    private static long bytes(Recipe recipe) {
        try (Model base = new ModelFactory(ModelFamilies.BUILT_IN).createBase(recipe)) {
            return base.stateDict().values().stream().mapToLong(Tensor::nbytes).sum();
        }
    }

    private static Map<String, float[]> learnt(Path run) {
        Map<String, float[]> all = new TreeMap<>();
        try (Safetensors file = Safetensors.open(run.resolve("lora/adapter_model.safetensors"))) {
            TensorScope.run(() -> file.tensors().keySet().forEach(name -> {
                Tensor tensor = file.read(name);
                assertThat(Tensors.type(tensor)).isEqualTo(ScalarType.Float);
                all.put(name, Tensors.floats(tensor));
            }));
        }
        return all;
    }

    /** A copy whose weights are rounded to bf16, in f32. */
    private Path rounded(Path base) throws IOException {
        Path copy = folder.resolve("rounded");
        String weights = "unet/diffusion_pytorch_model.safetensors";
        for (String name : contents(base).keySet()) {
            Files.createDirectories(copy.resolve(name).getParent());
            Files.copy(base.resolve(name), copy.resolve(name));
        }
        Files.delete(copy.resolve(weights));
        try (Safetensors file = Safetensors.open(base.resolve(weights))) {
            TensorScope.run(() -> {
                Map<String, Tensor> all = new TreeMap<>();
                file.tensors()
                        .keySet()
                        .forEach(name -> all.put(
                                name, file.read(name).to(ScalarType.BFloat16).to(ScalarType.Float)));
                Safetensors.write(copy.resolve(weights), all, Map.of("format", "pt"));
            });
        }
        return copy;
    }

    @Test
    void a_named_part_stays_fixed() throws IOException {
        Path base = base();
        List<String> changes = with(TINY, "model.from=" + base, "training.freeze=[enc_convs, 'cls_emb\\..*']");
        Path path = folder.resolve("part");
        run(TrainingRun.start(Recipes.load("digits-cross-attention", changes), path));
        Map<String, String> before = tensors(base);
        Map<String, String> after = tensors(path.resolve("model"));
        assertThat(after.keySet()).isEqualTo(before.keySet());
        after.forEach((name, values) -> {
            if (name.startsWith("enc_convs.") || name.startsWith("cls_emb.")) {
                assertThat(values).as(name).isEqualTo(before.get(name));
            } else if (!name.matches(".*(w_q|w_k)\\..*")) { // with one token they do not learn
                assertThat(values).as(name).isNotEqualTo(before.get(name));
            }
        });
    }

    private static Map<String, String> tensors(Path model) {
        return read(model.resolve("unet/diffusion_pytorch_model.safetensors"));
    }

    private static Map<String, String> read(Path weights) {
        Map<String, String> all = new TreeMap<>();
        try (Safetensors file = Safetensors.open(weights)) {
            file.tensors()
                    .keySet()
                    .forEach(name -> TensorScope.run(
                            () -> all.put(name, java.util.Arrays.toString(Tensors.floats(file.read(name))))));
        }
        return all;
    }

    @Test
    void what_cannot_be_is_said_before_anything_is_written() {
        Path path = folder.resolve("run");
        for (String preset :
                new String[] {"", "quick"}) { // as they are shipped, whose pictures no fresh network would halve
            Recipe shipped = preset.isEmpty()
                    ? Recipes.load("digits-lora", List.of("data.source=digits"))
                    : Recipes.find("digits-lora").recipe(preset, List.of("data.source=digits"));
            assertThatThrownBy(() -> TrainingRun.start(shipped, path))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("name its folder with model.from=FOLDER");
        }
        Path base = base();
        assertThatThrownBy(() -> TrainingRun.start(
                        Recipes.load("digits-lora", with(TINY, "model.from=" + base, "lora.targets=[to_q]")), path))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("names no layer");
        assertThat(path).doesNotExist();
        assertThatThrownBy(() -> run(TrainingRun.start(
                        Recipes.load("digits-cross-attention", with(TINY, "training.freeze=[encoder]")), path)))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("'encoder' names no part");
    }
}
