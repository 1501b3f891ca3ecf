// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.UserError;
import java.util.List;
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

    /** Why it cannot compute anything with the channels that its config names, in words; empty where it can. */
    public Optional<String> channelProblem() {
        return Optional.empty();
    }

    /** The height and width it was made for; empty where the config does not say. */
    public final Optional<SampleSize> sampleSize() {
        return Optional.ofNullable(shape.size());
    }

    /** How many classes it knows; 0 where it is not told a class, or takes more than a table's rows: {@link #classInput()}. */
    public abstract int numClasses();

    /** Whether a picture's condition can be dropped ({@link Conditioning#keep()}). */
    public boolean canDropContext() {
        return false;
    }

    /** The words that it can be told; empty where it is told none. */
    public Optional<PromptWords> prompts() {
        return Optional.empty();
    }

    /** What it is told about classes. */
    public ClassInput classInput() {
        if (prompts().isPresent()) {
            return ClassInput.WORDS;
        }
        return numClasses() > 0 ? ClassInput.COUNTED : ClassInput.NONE;
    }

    /** Height and width must be multiples of this. */
    public final int sizeMultiple() {
        return shape.sizeMultiple();
    }

    /**
     * @param classes one a picture, or {@code null} for none
     * @throws UserError (exit code 2) where they are missing, too many or not there; (exit code 1) where the network takes what is
     *     no class number
     */
    public final void checkClasses(@Nullable List<Integer> classes) {
        checkClasses(classes, "class");
    }

    /** @param what the number is called */
    private void checkClasses(@Nullable List<Integer> classes, String what) {
        switch (classInput()) {
            case NONE -> {
                if (classes != null) {
                    throw UserError.usage("this network was not trained on classes: leave --class away");
                }
            }
            case WORDS -> {
                if (classes != null) {
                    throw UserError.usage("this network is told what to draw in words, not by a class: give --prompt");
                }
            }
            case VECTOR ->
                throw UserError.failure(
                        "this network is told what to draw by a vector (class_embed_type is identity), not"
                                + " by a class number: it can be called from Java, but not drawn from with --class");
            case ANY_NUMBER ->
                checkClasses(classes, what, Integer.MAX_VALUE, "a class that is any whole number from 0", "");
            case COUNTED -> {
                int last = numClasses() - 1;
                checkClasses(classes, what, last, "one of " + (last + 1) + " classes, 0 to " + last, " or --class all");
            }
        }
    }

    /**
     * @param prompts one a picture, or {@code null} for none
     * @throws UserError (exit code 2) where they are missing, empty, not known or not wanted
     */
    public final void checkPrompts(@Nullable List<String> prompts) {
        if (prompts().isEmpty()) {
            if (prompts != null) {
                throw UserError.usage("this network was not trained on words: leave --prompt away");
            }
            return;
        }
        if (prompts == null) {
            throw UserError.usage("this network draws what words say: give --prompt \"...\"");
        }
        prompts.forEach(prompts().get()::encode);
    }

    /**
     * @param scale of classifier-free guidance; 1 is none
     * @param negativeClass to move away from, or {@code null} for no class
     * @throws UserError (exit code 2) where the network cannot be guided so
     */
    public final void checkGuidance(double scale, @Nullable Integer negativeClass) {
        if (scale == 1 && negativeClass == null) {
            return;
        }
        if (classInput() == ClassInput.NONE) {
            throw UserError.usage("this network was not trained on classes, so there is nothing to guide: leave"
                    + " --guidance-scale away, or steer by a loss with --guide");
        }
        if (negativeClass != null) {
            checkClasses(List.of(negativeClass), "--negative-class");
        } else if (!canDropContext()) {
            throw UserError.usage(
                    "this network always needs a class, so there is no prediction without one to guide away"
                            + " from: name a class with --negative-class, or train one with --set objective.context_drop=0.1");
        }
    }

    private static void checkClasses(@Nullable List<Integer> classes, String what, int last, String known, String all) {
        if (classes == null) {
            throw UserError.usage("this network draws " + known + ": say which with --class N" + all);
        }
        for (int label : classes) {
            if (label < 0 || label > last) {
                throw UserError.usage(what + " " + label + " is not there: this network draws " + known);
            }
        }
    }

    /** @throws UserError (exit code 2) where the network cannot halve the size as often as it must */
    public final void checkSize(SampleSize size) {
        int multiple = sizeMultiple();
        if (size.height() % multiple != 0 || size.width() % multiple != 0) {
            throw UserError.usage("size " + size.text()
                    + " does not fit this network: width and height must be multiples of " + multiple
                    + ", because it halves them " + (31 - Integer.numberOfLeadingZeros(multiple)) + " times");
        }
    }
}
