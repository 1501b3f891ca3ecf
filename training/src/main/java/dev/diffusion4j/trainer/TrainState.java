// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.RandomStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All that changes while a network learns, and nothing else: what a checkpoint holds. */
public final class TrainState implements AutoCloseable {
    private static final long DROPOUT_SEED = 0x5DEECE66DL;

    private final Model model;
    private final TrainedPart trained;
    private final AdamOptimizer optimizer;
    private final @Nullable Ema ema;
    private final RandomStream random;
    private final List<RandomStream> dropout = new ArrayList<>();
    private long globalStep;
    private double epochLossSum;
    private long epochLossCount;

    /**
     * @param model borrowed
     * @param trained what of it learns
     */
    TrainState(Model model, TrainedPart trained, TrainerConfig config, Choices choices) {
        this.model = model;
        this.trained = trained;
        this.optimizer = new AdamOptimizer(trained.parameters(), config.optimizer());
        this.ema = config.ema() == null ? null : new Ema(trained.saved(), config.ema());
        this.random = new RandomStream(config.seed());
        for (int i = 0; i < choices.shards(); i++) {
            dropout.add(new RandomStream(config.seed() ^ DROPOUT_SEED + i));
        }
    }

    /** The network; borrowed. */
    public Model model() {
        return model;
    }

    /** What of it learns. */
    TrainedPart trained() {
        return trained;
    }

    /** Moments and step count; borrowed. */
    public AdamOptimizer optimizer() {
        return optimizer;
    }

    /** The moving average; borrowed; {@code null} where there is none. */
    public @Nullable Ema ema() {
        return ema;
    }

    /** Where timesteps and noise are drawn from; borrowed. */
    public RandomStream random() {
        return random;
    }

    /** Where each shard's dropout is drawn from; borrowed. */
    public List<RandomStream> dropout() {
        return dropout;
    }

    /** Updates done so far. */
    public long globalStep() {
        return globalStep;
    }

    void advance() {
        globalStep++;
    }

    void addLoss(double loss) {
        epochLossSum += loss;
        epochLossCount++;
    }

    /** Mean of the batch losses of this epoch so far. */
    public double epochMeanLoss() {
        return epochLossCount == 0 ? Double.NaN : epochLossSum / epochLossCount;
    }

    void endEpoch() {
        epochLossSum = 0;
        epochLossCount = 0;
    }

    double epochLossSum() {
        return epochLossSum;
    }

    long epochLossCount() {
        return epochLossCount;
    }

    void restore(long step, double lossSum, long lossCount) {
        globalStep = step;
        epochLossSum = lossSum;
        epochLossCount = lossCount;
    }

    @Override
    public void close() {
        optimizer.close();
        if (ema != null) {
            ema.close();
        }
        random.close();
        dropout.forEach(RandomStream::close);
    }
}
