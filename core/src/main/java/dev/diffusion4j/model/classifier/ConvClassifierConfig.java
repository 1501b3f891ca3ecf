// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.classifier;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import java.util.List;

/**
 * The config of a {@link ConvClassifier}; the defaults are those of the usual small MNIST network.
 *
 * @param sampleSize height and width of a picture
 * @param inChannels 1 or 3
 * @param numClasses how many classes
 * @param widths channels after each 3×3 convolution
 * @param hidden features of the layer before the last
 * @param dropout before the hidden layer; twice as much after it
 * @param inputMean what is taken off a pixel from 0 to 1
 * @param inputStd by what it is divided then; with a mean of 0.5 and 0.5 here the network gets pixels from −1 to 1
 * @param halveEach whether the size is halved after each convolution, which then keeps it, and not only after the last
 * @param classNames the classes' names, class 0 first; empty where they are not known, as in folders of earlier versions
 */
public record ConvClassifierConfig(
        SampleSize sampleSize,
        int inChannels,
        int numClasses,
        List<Integer> widths,
        int hidden,
        double dropout,
        double inputMean,
        double inputStd,
        boolean halveEach,
        List<String> classNames) {
    public static final ConvClassifierConfig DEFAULT = new ConvClassifierConfig(
            SampleSize.square(28), 1, 10, List.of(32, 64), 128, 0.25, 0.5, 0.5, false, List.of());

    public ConvClassifierConfig {
        widths = List.copyOf(widths);
        classNames = List.copyOf(classNames);
        Check.inRange(inChannels, 1, 4096, "in_channels");
        Check.inRange(numClasses, 2, 1_000_000, "num_classes");
        Check.that(
                classNames.isEmpty() || classNames.size() == numClasses,
                "class_names must name all " + numClasses + " classes, but there are " + classNames.size());
        Check.inRange(hidden, 1, 1 << 20, "hidden");
        Check.inRange(dropout, 0, 0.5, "dropout");
        Check.inRange(inputMean, 0, 1, "input_mean");
        Check.positive(inputStd, "input_std");
        Check.that(!widths.isEmpty(), "widths must name at least one convolution");
        widths.forEach(width -> Check.inRange(width, 1, 4096, "widths"));
        int smallest = halveEach ? 1 << widths.size() : 2 * (widths.size() + 1);
        Check.that(
                sampleSize.height() >= smallest && sampleSize.width() >= smallest,
                "sample_size must be at least " + smallest + " for " + widths.size() + " convolutions");
    }

    /** Features after the convolutions and the halving. */
    long flatFeatures() {
        return (long) widths.get(widths.size() - 1) * after(sampleSize.height()) * after(sampleSize.width());
    }

    private int after(int side) {
        return halveEach ? side >> widths.size() : (side - 2 * widths.size()) / 2;
    }
}
