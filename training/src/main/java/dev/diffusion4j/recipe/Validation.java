// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.loader.BatchShare;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.TrainState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.jspecify.annotations.Nullable;

/**
 * Measures a network on pictures that it does not learn from: its losses, and how far what it draws is from them. The averaged
 * weights are measured where there are any. Every measurement draws the same times and noise, so that epochs can be compared and
 * a resumed run gives the same figures.
 */
final class Validation implements AutoCloseable {
    /** Sets its random numbers apart from those of training. */
    private static final long SEED = 0x7A11DA7EL;

    private final ValidationConfig config;
    private final TrainingData heldBack;
    private final Objective objective;
    private final int batchSize;
    private final long seed;
    private final @Nullable KidMeasure kid;
    private final ProcessGroup group;
    private final Runnable afterwards;

    private Validation(
            ValidationConfig config,
            TrainingData heldBack,
            Objective objective,
            int batchSize,
            long seed,
            @Nullable KidMeasure kid,
            ProcessGroup group,
            Runnable afterwards) {
        this.group = group;
        this.afterwards = afterwards;
        this.config = config;
        this.heldBack = heldBack;
        this.objective = objective;
        this.batchSize = batchSize;
        this.seed = seed;
        this.kid = kid;
    }

    /**
     * As a recipe asks for it; {@code null} where it does not.
     *
     * @param parts what the application brings
     * @param data that is trained on; borrowed
     * @param objective borrowed
     * @param trained borrowed; {@code null} for a network that draws nothing
     * @throws Problem (a wrong request) where nothing is held back, or too little for what is to be measured
     */
    static @Nullable Validation open(
            Recipe recipe,
            RunParts parts,
            TrainingData data,
            Objective objective,
            @Nullable TrainedPipeline trained,
            RunFolder folder) {
        ValidationConfig config = recipe.validation();
        if (config == null) {
            return null;
        }
        TrainingData heldBack = heldBack(recipe, config, parts);
        try {
            KidMeasure kid = trained == null ? null : kid(recipe, config, parts, data, heldBack, trained);
            if (kid != null && parts.group().world().isFirst()) {
                kid.describe(folder.validation());
            }
            return new Validation(
                    config,
                    heldBack,
                    objective,
                    recipe.training().batchSize(),
                    recipe.training().seed() ^ SEED,
                    kid,
                    parts.group(),
                    trained == null ? () -> {} : trained.frozen()::rest);
        } catch (Throwable e) {
            heldBack.close();
            throw e;
        }
    }

    private static @Nullable KidMeasure kid(
            Recipe recipe,
            ValidationConfig config,
            RunParts parts,
            TrainingData data,
            TrainingData heldBack,
            TrainedPipeline trained) {
        return config.kid() == null
                ? null
                : KidMeasure.open(
                        config.kid(),
                        recipe.samples().scheduler(),
                        trained,
                        data,
                        heldBack,
                        parts.families(),
                        parts.group());
    }

    /** The pictures that it measures on, which the caller closes; {@code null} where nothing is measured. */
    static @Nullable TrainingData heldBack(Recipe recipe, RunParts parts) {
        ValidationConfig config = recipe.validation();
        return config == null ? null : heldBack(recipe, config, parts);
    }

    private static TrainingData heldBack(Recipe recipe, ValidationConfig config, RunParts parts) {
        return parts.openHeldBack(recipe.data()).limitedTo(config.limit());
    }

    /**
     * Whether it is time.
     *
     * @param epoch from 0
     */
    boolean isDue(long step, long totalSteps, boolean endsEpoch, long epoch) {
        Integer everySteps = config.everySteps();
        return step == totalSteps
                || everySteps != null && step % everySteps == 0
                || endsEpoch && (epoch + 1) % config.everyEpochs() == 0;
    }

    /**
     * Each process measures its part of each batch, and all get the same figures: {@code val_loss}, what the objective tracks besides as {@code val_…}, and {@code val_kid} with its standard error.
     *
     * @throws CancellationException where {@code stop} asked for it
     */
    Map<String, Double> measure(TrainState state, BooleanSupplier stop) {
        Map<String, Double> values = new LinkedHashMap<>();
        Runnable body = () -> {
            values.putAll(losses(state.device(), stop));
            if (kid != null) {
                values.putAll(kid.measure(stop));
            }
        };
        Ema ema = state.ema();
        try {
            if (ema == null) {
                body.run();
            } else {
                ema.whileApplied(body);
            }
        } finally {
            afterwards.run();
        }
        return values;
    }

    private Map<String, Double> losses(Device device, BooleanSupplier stop) {
        Means means = new Means();
        try (BatchLoader loader = heldBack.inOrder(group.world(), batchSize);
                RandomStream random = new RandomStream(seed)) {
            for (int i = 0; i < loader.batchesPerEpoch(); i++) {
                if (group.any(stop.getAsBoolean())) {
                    throw new CancellationException("stopped while measuring");
                }
                add(loader.next(), random, device, means);
            }
        }
        return means.all(group);
    }

    private void add(Batch batch, RandomStream random, Device device, Means means) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                TrainingExamples examples = new TrainingExamples(
                        batch.images(), batch.labelTensor(), batch.captions(), batch.exchanged(), batch.epoch());
                BatchShare share = batch.share();
                Objective.Task task = objective
                        .draw(examples, random.forSome(share.start(), share.count(), share.total()))
                        .to(device);
                means.add("val_loss", task.loss().item_float(), share.counted());
                task.tracked()
                        .forEach((name, mean) ->
                                means.add("val_" + name, mean, share.isWhole() ? task.count(name) : share.counted()));
            }
        });
    }

    /** Means over all batches of means over one, by name. */
    private static final class Means {
        private final Map<String, Double> sums = new TreeMap<>();
        private final Map<String, Long> counts = new TreeMap<>();

        /** @param count of the examples that it is a mean over */
        void add(String name, double mean, long count) {
            sums.merge(name, mean * count, Double::sum);
            counts.merge(name, count, Long::sum);
        }

        Map<String, Double> all(ProcessGroup group) {
            double[] own = new double[2 * sums.size()];
            int next = 0;
            for (Map.Entry<String, Double> sum : sums.entrySet()) {
                own[next++] = sum.getValue();
                own[next++] = counts.getOrDefault(sum.getKey(), 1L);
            }
            double[] of = group.sum(own);
            Map<String, Double> means = new TreeMap<>();
            next = 0;
            for (String name : sums.keySet()) {
                means.put(name, of[next++] / of[next++]);
            }
            return means;
        }
    }

    @Override
    public void close() {
        if (kid != null) {
            kid.close();
        }
        heldBack.close();
    }
}
