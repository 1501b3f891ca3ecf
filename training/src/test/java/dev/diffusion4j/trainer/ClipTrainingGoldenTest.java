// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.clip.ClipPictures;
import dev.diffusion4j.objective.ContrastiveObjective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.BpeVocabulary;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TextCleaning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A CLIP begins and learns as transformers' does: the spread of fresh weights, losses, and how every weight changed in five steps. */
class ClipTrainingGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/clip_training.safetensors");
    private static final Path VOCABULARY = Path.of("../core/src/test/resources/golden/clip_vocabulary.json");
    private static final int NETWORKS = 8;

    private static Map<String, @Nullable Object> note(Safetensors golden, String name) {
        return Json.parseObject(Objects.requireNonNull(golden.metadata().get(name)), name);
    }

    private static List<String> strings(@Nullable Object list) {
        return ((List<?>) Objects.requireNonNull(list))
                .stream().map(String::valueOf).toList();
    }

    private static ClipTokenizer tokenizer() {
        Map<String, @Nullable Object> json = Json.readObject(VOCABULARY);
        int size = Math.toIntExact((Long) Objects.requireNonNull(json.get("size")));
        return new ClipTokenizer(BpeVocabulary.learn(strings(json.get("captions")), size), TextCleaning.TRANSFORMERS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "repeated", "negatives"})
    void five_steps_equal_those_of_transformers(String name) {
        TensorScope.run(() -> {
            try (Safetensors golden = Safetensors.open(GOLDEN);
                    ClipModel model = ClipModel.fromConfig(note(golden, "config"))) {
                model.namedParameters().forEach((weight, tensor) -> golden.read("net." + weight, tensor));
                if (name.equals("repeated")) {
                    golden.read("repeated.start", model.namedParameters().get("logit_scale"));
                }
                model.requiresGrad(true);
                WeightChanges changes = new WeightChanges(model);
                ContrastiveObjective objective = new ContrastiveObjective(
                        model, tokenizer(), ClipPictures.ofSamples(16), name.equals("negatives"));
                train(objective, golden, name);
                changes.check(golden, name);
            }
        });
    }

    private static void train(ContrastiveObjective objective, Safetensors golden, String name) {
        float[] losses = Tensors.floats(golden.read(name + ".losses"));
        float[] shares = Tensors.floats(golden.read(name + ".shares"));
        float[] scales = Tensors.floats(golden.read(name + ".scales"));
        List<?> captions =
                (List<?>) Objects.requireNonNull(note(golden, "captions").get(name));
        AdamConfig adam = new AdamConfig(AdamConfig.Variant.ADAMW, 1e-3, 0.9, 0.999, 1e-8, 0.01, false);
        try (StepEngine engine = new StepEngine(new Choices(Precision.F32, true, 2, 1, 0, "any", "cpu"));
                AdamOptimizer optimizer = new AdamOptimizer(objective.model().namedParameters(), adam);
                RandomStream random = new RandomStream(11);
                RandomStream dropout = new RandomStream(0)) {
            for (int step = 0; step < losses.length; step++) {
                List<@Nullable String> words = new ArrayList<>(strings(captions.get(step)));
                List<@Nullable String> wrong = wrong(golden, name, step);
                StepLosses found = TensorScope.compute(() -> {
                    TrainingExamples examples = new TrainingExamples(
                            random.randn(6, 3, 16, 16), Tensors.ofLongs(0, 0, 0, 0, 0, 0), words, wrong, 0);
                    return engine.accumulate(objective.draw(examples, random), 1, List.of(dropout));
                });
                optimizer.step(1e-3, 1);
                optimizer.clearGradients();
                objective.afterUpdate();
                assertThat(found.loss()).isCloseTo(losses[step], within(1e-5 * losses[step]));
                assertThat(found.tracked().get(ContrastiveObjective.IMAGE_RETRIEVAL))
                        .isCloseTo(shares[2 * step], within(1e-6));
                assertThat(found.tracked().get(ContrastiveObjective.TEXT_RETRIEVAL))
                        .isCloseTo(shares[2 * step + 1], within(1e-6));
                if (name.equals("negatives")) {
                    assertThat(found.tracked().get(ContrastiveObjective.ORDER))
                            .isCloseTo(Tensors.floats(golden.read(name + ".orders"))[step], within(1e-6));
                }
                assertThat(objective.scalars(0).get("logit_scale"))
                        .isCloseTo(scales[step], within(1e-5 * scales[step]));
            }
        }
    }

    /** The wrong captions of a step, {@code null} for a picture without; none but for the run with negatives. */
    private static List<@Nullable String> wrong(Safetensors golden, String name, int step) {
        if (!name.equals("negatives")) {
            return List.of();
        }
        List<?> steps = (List<?>) Objects.requireNonNull(
                Json.parse(Objects.requireNonNull(golden.metadata().get("wrong")), "wrong"));
        List<@Nullable String> captions = new ArrayList<>();
        for (Object caption : (List<?>) Objects.requireNonNull(steps.get(step))) {
            captions.add(caption == null ? null : caption.toString());
        }
        return captions;
    }

    /** Means and deviations of 8 networks each: those of n numbers lie within 5 standard errors of each other. */
    @Test
    void fresh_weights_are_spread_as_those_of_transformers() {
        try (Safetensors golden = Safetensors.open(GOLDEN)) {
            Map<String, float[]> found = fresh(note(golden, "wide"));
            Map<String, @Nullable Object> expected = note(golden, "spread");
            assertThat(found.keySet()).isEqualTo(expected.keySet());
            found.forEach((name, numbers) -> {
                List<?> both = (List<?>) Objects.requireNonNull(expected.get(name));
                double deviation = ((Number) both.get(1)).doubleValue();
                double error = deviation / Math.sqrt((double) numbers.length);
                assertThat(mean(numbers))
                        .as(name)
                        .isCloseTo(((Number) both.get(0)).doubleValue(), within(1e-6 + 7 * error));
                assertThat(deviation(numbers)).as(name).isCloseTo(deviation, within(1e-6 + 5 * error));
            });
        }
    }

    private static Map<String, float[]> fresh(Map<String, @Nullable Object> config) {
        Map<String, List<float[]>> all = new java.util.TreeMap<>();
        for (int seed = 0; seed < NETWORKS; seed++) {
            try (ClipModel model = ClipModel.fromConfig(config);
                    RandomStream random = new RandomStream(seed)) {
                model.initialize(random);
                model.namedParameters().forEach((name, tensor) -> all.computeIfAbsent(name, none -> new ArrayList<>())
                        .add(TensorScope.compute(() -> Tensors.floats(tensor.detach()))));
            }
        }
        Map<String, float[]> joined = new java.util.TreeMap<>();
        all.forEach((name, parts) -> {
            float[] numbers = new float[NETWORKS * parts.get(0).length];
            for (int i = 0; i < NETWORKS; i++) {
                System.arraycopy(parts.get(i), 0, numbers, i * parts.get(i).length, parts.get(i).length);
            }
            joined.put(name, numbers);
        });
        return joined;
    }

    private static double mean(float[] numbers) {
        double sum = 0;
        for (float number : numbers) {
            sum += number;
        }
        return sum / numbers.length;
    }

    private static double deviation(float[] numbers) {
        double mean = mean(numbers);
        double sum = 0;
        for (float number : numbers) {
            sum += (number - mean) * (number - mean);
        }
        return Math.sqrt(sum / numbers.length);
    }
}
