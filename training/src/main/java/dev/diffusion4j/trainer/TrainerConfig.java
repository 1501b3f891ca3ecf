// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How long a network learns, and how.
 *
 * @param epochs passes over the data
 * @param maxSteps updates at most; {@code null} for all of the epochs
 * @param batchSize examples of one forward pass
 * @param gradientAccumulationSteps forward passes of one update; fewer make the last one of an epoch
 * @param optimizer Adam's settings
 * @param learningRateSchedule the rate over time
 * @param clipGradNorm the gradients' norm is cut to it; {@code null} for no cut
 * @param ema the moving average; {@code null} for none
 * @param device where the network computes: {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto}
 * @param dtype what the network computes in; the weights stay f32
 * @param seed of everything random
 * @param checkpointEverySteps updates between two checkpoints; {@code null} for one an epoch
 * @param keepCheckpoints how many are kept
 * @param freeze which parts stay as they are: parts of dotted names ({@code time_emb}, {@code enc_convs.0}), or, where one holds a
 *     sign such as {@code *}, a regular expression for the whole name of a tensor
 * @param groups how networks learn that learn differently from the others, by the names of their parts: {@code unet} for the denoiser;
 *     a {@code text_encoder} that is named here learns too
 * @param frozenDtype what networks are kept in that do not learn, also those that a LoRA learns in, whose own weights then compute in
 *     {@code dtype} all the same
 * @param checkpointActivations whether what a network's blocks compute within them is computed again in the backward pass instead of
 *     being kept: less memory, a step takes about a third longer
 */
public record TrainerConfig(
        int epochs,
        @Nullable Integer maxSteps,
        int batchSize,
        int gradientAccumulationSteps,
        AdamConfig optimizer,
        LearningRateSchedule learningRateSchedule,
        @Nullable Double clipGradNorm,
        @Nullable EmaConfig ema,
        String device,
        Precision dtype,
        long seed,
        @Nullable Integer checkpointEverySteps,
        int keepCheckpoints,
        List<String> freeze,
        Map<String, ParameterGroup> groups,
        Precision frozenDtype,
        boolean checkpointActivations) {

    public static final TrainerConfig DEFAULT = new TrainerConfig(
            1,
            null,
            64,
            1,
            AdamConfig.DEFAULT,
            LearningRateSchedule.DEFAULT,
            null,
            null,
            Placement.DEFAULT.device(),
            Precision.AUTO,
            0,
            null,
            2,
            List.of(),
            Map.of(),
            Precision.F32,
            false);

    public TrainerConfig {
        Check.positive(epochs, "epochs");
        if (maxSteps != null) {
            Check.positive(maxSteps, "max_steps");
        }
        Check.inRange(batchSize, 1, 1 << 20, "batch_size");
        Check.positive(gradientAccumulationSteps, "gradient_accumulation_steps");
        if (clipGradNorm != null) {
            Check.positive(clipGradNorm, "clip_grad_norm");
        }
        Placement.checkDevice(device);
        Check.that(seed >= 0, "seed must be >= 0, but was " + seed);
        if (checkpointEverySteps != null) {
            Check.positive(checkpointEverySteps, "checkpoint_every_steps");
        }
        Check.positive(keepCheckpoints, "keep_checkpoints");
        freeze = List.copyOf(freeze);
        freeze.forEach(NamePattern::of);
        groups = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(groups));
        Check.that(frozenDtype != Precision.AUTO, "frozen_dtype must be f32 or bf16");
    }

    /** How batches make updates. */
    public UpdatePlan plan(int batchesPerEpoch) {
        return new UpdatePlan(batchesPerEpoch, gradientAccumulationSteps, epochs, maxSteps);
    }

    /** {@code TrainerConfig.DEFAULT.with(c -> c.epochs = …)}: the result is checked anew. */
    public TrainerConfig with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    /** For an edit of what holds it. */
    public Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public int epochs;
        public @Nullable Integer maxSteps;
        public int batchSize;
        public int gradientAccumulationSteps;
        public AdamConfig optimizer;
        public LearningRateSchedule learningRateSchedule;
        public @Nullable Double clipGradNorm;
        public @Nullable EmaConfig ema;
        public String device;
        public Precision dtype;
        public long seed;
        public @Nullable Integer checkpointEverySteps;
        public int keepCheckpoints;
        public List<String> freeze;
        public Map<String, ParameterGroup> groups;
        public Precision frozenDtype;
        public boolean checkpointActivations;

        private Draft(TrainerConfig from) {
            epochs = from.epochs;
            maxSteps = from.maxSteps;
            batchSize = from.batchSize;
            gradientAccumulationSteps = from.gradientAccumulationSteps;
            optimizer = from.optimizer;
            learningRateSchedule = from.learningRateSchedule;
            clipGradNorm = from.clipGradNorm;
            ema = from.ema;
            device = from.device;
            dtype = from.dtype;
            seed = from.seed;
            checkpointEverySteps = from.checkpointEverySteps;
            keepCheckpoints = from.keepCheckpoints;
            freeze = from.freeze;
            groups = from.groups;
            frozenDtype = from.frozenDtype;
            checkpointActivations = from.checkpointActivations;
        }

        /** Checks the values. */
        public TrainerConfig done() {
            return new TrainerConfig(
                    epochs,
                    maxSteps,
                    batchSize,
                    gradientAccumulationSteps,
                    optimizer,
                    learningRateSchedule,
                    clipGradNorm,
                    ema,
                    device,
                    dtype,
                    seed,
                    checkpointEverySteps,
                    keepCheckpoints,
                    freeze,
                    groups,
                    frozenDtype,
                    checkpointActivations);
        }
    }
}
