// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A network that names the class of a clean picture. */
public abstract class Classifier extends Model {
    private final int inChannels;
    private final SampleSize sampleSize;
    private final int numClasses;

    /**
     * @param modelClass how files name it
     * @param config every key of its {@code config.json} but the underscored ones
     * @param inChannels C: channels of a picture
     * @param sampleSize H and W of a picture
     * @param numClasses how many classes
     */
    protected Classifier(
            ModelClass modelClass,
            Map<String, ? extends @Nullable Object> config,
            int inChannels,
            SampleSize sampleSize,
            int numClasses) {
        super(modelClass, config);
        this.inChannels = inChannels;
        this.sampleSize = sampleSize;
        this.numClasses = numClasses;
    }

    /**
     * @param images (B, C, H, W) in [−1, 1]
     * @return scores before the softmax, (B, classes), a new tensor owned by the current scope
     */
    public abstract Tensor forward(Tensor images);

    /**
     * The activations of the layer before the last; distances between sets of pictures may be taken between these.
     *
     * @param images (B, C, H, W) in [−1, 1]
     * @return (B, D), a new tensor owned by the current scope
     */
    public abstract Tensor features(Tensor images);

    /**
     * Activations by which pictures may be compared, from fine to coarse, all without dropout; differentiable.
     *
     * @param images (B, C, H, W) in [−1, 1]
     * @return each (B, D, H', W'), new tensors owned by the current scope; empty where the network has no such activations
     */
    public List<Tensor> maps(Tensor images) {
        return List.of();
    }

    /** The name of {@link #features} in reports and caches. */
    public abstract String featuresName();

    /** The classes' names, class 0 first; empty where it keeps none. */
    public List<String> classNames() {
        return List.of();
    }

    /** C: channels of a picture. */
    public final int inChannels() {
        return inChannels;
    }

    /** H and W of a picture. */
    public final SampleSize sampleSize() {
        return sampleSize;
    }

    /** How many classes. */
    public final int numClasses() {
        return numClasses;
    }
}
