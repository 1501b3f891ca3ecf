// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.TrainState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
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

    private Validation(
            ValidationConfig config,
            TrainingData heldBack,
            Objective objective,
            int batchSize,
            long seed,
            @Nullable KidMeasure kid) {
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
            KidMeasure kid = null;
            if (config.kid() != null && trained != null) {
                kid = KidMeasure.open(
                        config.kid(), recipe.samples().scheduler(), trained, data, heldBack, parts.families());
                kid.describe(folder.validation());
            }
            return new Validation(
                    config,
                    heldBack,
                    objective,
                    recipe.training().batchSize(),
                    recipe.training().seed() ^ SEED,
                    kid);
        } catch (Throwable e) {
            heldBack.close();
            throw e;
        }
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
        return step == totalSteps || endsEpoch && (epoch + 1) % config.everyEpochs() == 0;
    }

    /**
     * {@code val_loss}, what the objective tracks besides as {@code val_…}, and {@code val_kid} with its standard error.
     *
     * @throws CancellationException where {@code stop} asked for it
     */
    Map<String, Double> measure(TrainState state, BooleanSupplier stop) {
        Map<String, Double> values = new LinkedHashMap<>();
        Runnable body = () -> {
            values.putAll(losses(stop));
            if (kid != null) {
                values.putAll(kid.measure(stop));
            }
        };
        Ema ema = state.ema();
        if (ema == null) {
            body.run();
        } else {
            ema.whileApplied(body);
        }
        return values;
    }

    private Map<String, Double> losses(BooleanSupplier stop) {
        Map<String, Double> sums = new TreeMap<>();
        long count = 0;
        try (BatchLoader loader = heldBack.inOrder(batchSize);
                RandomStream random = new RandomStream(seed)) {
            for (int i = 0; i < loader.batchesPerEpoch(); i++) {
                if (stop.getAsBoolean()) {
                    throw new CancellationException("stopped while measuring");
                }
                Batch batch = loader.next();
                means(batch, random).forEach((name, mean) -> sums.merge(name, mean * batch.size(), Double::sum));
                count += batch.size();
            }
        }
        double all = count;
        sums.replaceAll((name, sum) -> sum / all);
        return sums;
    }

    private Map<String, Double> means(Batch batch, RandomStream random) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Objective.Task task = objective.draw(
                        new TrainingExamples(batch.images(), batch.labelTensor(), batch.captions(), batch.epoch()),
                        random);
                Map<String, Double> means = new TreeMap<>();
                means.put("val_loss", (double) task.loss().item_float());
                task.tracked().forEach((name, mean) -> means.put("val_" + name, mean));
                return means;
            }
        });
    }

    @Override
    public void close() {
        if (kid != null) {
            kid.close();
        }
        heldBack.close();
    }
}
