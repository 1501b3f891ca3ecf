// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/** All that changes while a network learns, and nothing else: what a checkpoint holds. */
public final class TrainState implements AutoCloseable {
    private static final long DROPOUT_SEED = 0x5DEECE66DL;

    private final TrainedPart trained;
    private final AdamOptimizer optimizer;
    private final @Nullable Ema ema;
    private final RandomStream random;
    private final List<RandomStream> dropout = new ArrayList<>();
    private final World world;
    private long globalStep;
    private long batchesDone;
    private StepLosses epochLosses = StepLosses.ZERO;
    private long epochLossCount;

    /** Of one process. */
    TrainState(TrainedPart trained, TrainerConfig config, Choices choices) {
        this(trained, config, choices, World.ALONE);
    }

    /**
     * @param trained what learns
     * @param world whose part of each batch this process has
     */
    TrainState(TrainedPart trained, TrainerConfig config, Choices choices, World world) {
        this.trained = trained;
        this.world = world;
        this.optimizer = new AdamOptimizer(trained.parameters(), config.optimizer(), trained.groups(config.groups()));
        this.ema = config.ema() == null ? null : new Ema(trained.saved(), config.ema());
        this.random = new RandomStream(config.seed());
        int first = world.rank() * choices.shards(); // so that two processes draw what two shards of one would
        for (int i = first; i < first + choices.shards(); i++) {
            dropout.add(new RandomStream(config.seed() ^ DROPOUT_SEED + i));
        }
    }

    /** What learns. */
    TrainedPart trained() {
        return trained;
    }

    /** Where the networks compute. */
    public Device device() {
        return trained.parameters().values().iterator().next().device();
    }

    /** Which of the processes of the training this is. */
    World world() {
        return world;
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

    /** Batches that these updates took, over all epochs. */
    public long batchesDone() {
        return batchesDone;
    }

    /** After an update of so many batches. */
    void advance(int batches) {
        globalStep++;
        batchesDone += batches;
    }

    void addLosses(StepLosses losses) {
        epochLosses = epochLosses.plus(losses);
        epochLossCount++;
    }

    /** Mean of the batch losses of this epoch so far. */
    public double epochMeanLoss() {
        return epochLossCount == 0 ? Double.NaN : epochLosses.loss() / epochLossCount;
    }

    /** The same of what is tracked besides, by name. */
    public Map<String, Double> epochMeanTracked() {
        return epochLosses.times(1.0 / Math.max(1, epochLossCount)).tracked();
    }

    void endEpoch() {
        epochLosses = StepLosses.ZERO;
        epochLossCount = 0;
    }

    StepLosses epochLosses() {
        return epochLosses;
    }

    long epochLossCount() {
        return epochLossCount;
    }

    void restore(long step, long batches, StepLosses losses, long lossCount) {
        globalStep = step;
        batchesDone = batches;
        epochLosses = losses;
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
