// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Problem;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A network that predicts, from a noisy sample and its timestep, the noise, the clean sample or the velocity. */
public abstract class DiffusionModel extends Model {
    private final SampleShape shape;

    /**
     * @param modelClass how files name it
     * @param config every key of its {@code config.json} but the underscored ones
     * @param shape of the samples that it is made for
     */
    protected DiffusionModel(ModelClass modelClass, Map<String, ? extends @Nullable Object> config, SampleShape shape) {
        super(modelClass, config);
        this.shape = shape;
    }

    /**
     * @param sample x_t, (B, C, H, W), in the network's dtype
     * @param timestep {@code float32 (B)} or {@code (1)}: a training timestep, or what the scheduler gives in its place
     * @param conditioning what {@link #numClasses()} asks for
     * @return (B, C', H, W), a new tensor owned by the current scope
     */
    public abstract Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning);

    /** C: channels of a sample. */
    public final int sampleChannels() {
        return shape.channels();
    }

    /** Channels of the prediction: C, or 2·C where the variance is predicted too. */
    public int outChannels() {
        return sampleChannels();
    }

    /** How many channels are joined to the sample's: 5 for inpainting, 4 for editing by instructions, usually 0. */
    public int extraChannels() {
        return 0;
    }

    /**
     * Features of the embedding of a guidance scale ({@link Conditioning#TIMESTEP_COND}), which a network takes that was distilled with
     * guidance and predicts what is guided at once: Meng et al. (2023); 0 for any other.
     */
    public int guidanceFeatures() {
        return 0;
    }

    /** Why it cannot compute anything with the channels that its config names, as a sentence; empty where it can. */
    public Optional<String> channelProblem() {
        return Optional.empty();
    }

    /** The height and width it was made for; empty where the config does not say. */
    public final Optional<SampleSize> sampleSize() {
        return Optional.ofNullable(shape.size());
    }

    /** How many classes it knows; 0 where it is given no class, or takes more than a table's rows: {@link #classInput()}. */
    public abstract int numClasses();

    /** Whether a picture's condition can be dropped ({@link Conditioning#keep()}). */
    public boolean canDropContext() {
        return false;
    }

    /** The words of its prompts; empty where it takes no prompt. */
    public Optional<PromptWords> prompts() {
        return Optional.empty();
    }

    /** What it is given about classes. */
    public ClassInput classInput() {
        if (prompts().isPresent()) {
            return ClassInput.WORDS;
        }
        return numClasses() > 0 ? ClassInput.COUNTED : ClassInput.NONE;
    }

    /**
     * What a pass costs, worked out from the config.
     *
     * @param size of a sample
     * @param batch how many samples
     * @param words places of their prompts
     * @return nothing where nobody has worked it out
     */
    public PassCost cost(SampleSize size, int batch, int words) {
        return PassCost.NONE;
    }

    /** Height and width must be multiples of this. */
    public final int sizeMultiple() {
        return shape.sizeMultiple();
    }

    /** @throws Problem (a wrong request) where the network cannot halve the size as often as it must */
    public final void checkSize(SampleSize size) {
        int multiple = sizeMultiple();
        if (size.height() % multiple != 0 || size.width() % multiple != 0) {
            throw Problem.request("{size} " + size.text()
                    + " does not fit this network: width and height must be multiples of " + multiple
                    + ", because it halves them " + (31 - Integer.numberOfLeadingZeros(multiple)) + " times");
        }
    }
}
