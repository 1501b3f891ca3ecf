// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.objective.ContextDrop;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import java.util.function.Consumer;

/**
 * What a recipe's network learns.
 *
 * @param loss how far a prediction is from its target
 * @param weighting of the timesteps
 * @param gamma of {@code min_snr}
 * @param contextDrop how often a picture's class is dropped, for classifier-free guidance; only for networks that can do without
 * @param trackImageLoss whether the distance of x̂₀ from the picture is logged beside the loss
 * @param hardNegatives whether a CLIP also learns from captions in which the two things of a picture have changed places
 * @param autoencoder what an autoencoder learns besides
 */
public record ObjectiveConfig(
        LossType loss,
        Weighting weighting,
        double gamma,
        ContextDrop contextDrop,
        boolean trackImageLoss,
        boolean hardNegatives,
        AutoencoderConfig autoencoder) {
    public static final ObjectiveConfig DEFAULT = new ObjectiveConfig(
            LossType.MSE, Weighting.UNIFORM, 5, ContextDrop.NONE, false, false, AutoencoderConfig.DEFAULT);

    /** The weight of a timestep. */
    public enum Weighting implements Keyed {
        UNIFORM("uniform"),
        MIN_SNR("min_snr"),
        SNR("snr");

        private final String key;

        Weighting(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    public ObjectiveConfig {
        Check.positive(gamma, "gamma");
        Check.that(!trackImageLoss || loss != LossType.HUBER, "track_image_loss needs the loss mse or l1");
    }

    LossWeighting lossWeighting() {
        return switch (weighting) {
            case UNIFORM -> LossWeighting.UNIFORM;
            case MIN_SNR -> LossWeighting.minSnr(gamma);
            case SNR -> LossWeighting.snr();
        };
    }

    /** {@code ObjectiveConfig.DEFAULT.with(c -> c.loss = …)}: the result is checked anew. */
    public ObjectiveConfig with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public LossType loss;
        public Weighting weighting;
        public double gamma;
        public ContextDrop contextDrop;
        public boolean trackImageLoss;
        public boolean hardNegatives;
        public AutoencoderConfig autoencoder;

        private Draft(ObjectiveConfig from) {
            loss = from.loss;
            weighting = from.weighting;
            gamma = from.gamma;
            contextDrop = from.contextDrop;
            trackImageLoss = from.trackImageLoss;
            hardNegatives = from.hardNegatives;
            autoencoder = from.autoencoder;
        }

        ObjectiveConfig done() {
            return new ObjectiveConfig(loss, weighting, gamma, contextDrop, trackImageLoss, hardNegatives, autoencoder);
        }
    }
}
