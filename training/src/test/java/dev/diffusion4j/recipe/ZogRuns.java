// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
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
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** What the tests share that teach a tiny Stable Diffusion what a zog is. */
final class ZogRuns {
    static final Path BASE = Path.of("../core/src/test/resources/golden/tiny-sd")
            .toAbsolutePath()
            .normalize();

    private ZogRuns() {}

    /** Four steps under the prompt of a zog; the kind is shown beside it where the recipe has pictures of it. */
    static Recipe recipe(Consumer<Recipe.Draft> edit) {
        return Recipe.DEFAULT
                .with(r -> {
                    r.name = "zogs";
                    r.model.from = BASE.toString();
                    r.data.source = "zog";
                    r.data.imageSize = 16;
                    r.training.batchSize = 4;
                    r.training.dtype = Precision.F32; // the probe may choose differently for two runs on a busy machine
                    r.training.epochs = 9;
                    r.training.maxSteps = 4;
                    r.training.checkpointEverySteps = 2;
                    r.samples.everyEpochs = 0;
                    r.samples.count = 0;
                    r.dreambooth = DreamBoothConfig.DEFAULT.with(d -> {
                        d.prompt = "a photo of a zog";
                        d.identifier = "zog";
                    });
                })
                .with(edit);
    }

    static void dreambooth(Recipe.Draft recipe, Consumer<DreamBoothConfig.Draft> edit) {
        recipe.dreambooth = Objects.requireNonNull(recipe.dreambooth).with(edit);
    }

    /** The hash of each file by its path. */
    static TreeMap<String, String> contents(Path path) throws IOException {
        TreeMap<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(path.relativize(file).toString(), Hashes.sha256(file));
            }
        }
        return all;
    }

    /** A copy of {@link #BASE} that a test may change. */
    static Path copyOfBase(Path folder) throws IOException {
        for (String name : contents(BASE).keySet()) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.copy(BASE.resolve(name), file);
        }
        return folder;
    }

    /** Multiplies all that a file of weights holds. */
    static void scaled(Path weights, double by) throws IOException {
        Path before = Files.move(weights, weights.resolveSibling("before"));
        try (Safetensors file = Safetensors.open(before)) {
            TensorScope.run(() -> {
                TreeMap<String, Tensor> all = new TreeMap<>();
                file.tensors()
                        .keySet()
                        .forEach(name -> all.put(name, file.read(name).mul(new Scalar(by))));
                Safetensors.write(weights, all, Map.of("format", "pt"));
            });
        }
        Files.delete(before);
    }

    /** A run that went to its end. */
    static Path trained(Path run, Recipe recipe) {
        assertThat(TrainingRun.start(recipe, run)
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
        return run;
    }

    /** A stopped run that went on to its end. */
    static void resumed(Path run) {
        assertThat(TrainingRun.resume(run, false)
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
    }

    /** A zog in two steps. */
    static float[] draw(Path model, LoadOptions options) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.prompt("a photo of a zog").steps(2));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model, options);
                GenerationResult result = pipeline.generate(request)) {
            return TensorScope.compute(() -> Tensors.floats(result.samples()));
        }
    }

    /** Refused in one line, before anything is written. */
    static void assertRefused(Recipe recipe, Path run, String... words) {
        assertThatThrownBy(() -> TrainingRun.start(recipe, run))
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll(words)
                .satisfies(problem -> assertThat(problem.getMessage()).doesNotContain("\n"));
        assertThat(run).doesNotExist();
    }
}
