// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.bytedeco.pytorch.global.torch.argmax;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * How many pictures a classifier recognises as the class that was asked for. Order and batches do not matter.
 *
 * @param recognised by class
 * @param total by class
 */
public record ClassFidelity(int[] recognised, int[] total) {
    private static final int BATCH = 256;

    /**
     * @param classifier borrowed
     * @param images {@code float32 (N, C, H, W)} in [−1, 1]
     * @param expected the class of each
     */
    public static ClassFidelity of(Classifier classifier, Tensor images, int[] expected) {
        Check.that(
                images.size(0) == expected.length,
                "there are " + expected.length + " classes for " + images.size(0) + " pictures");
        return of(classifier.numClasses(), classify(classifier, images), expected);
    }

    /** Of pictures of any size and channels. */
    public static ClassFidelity of(Classifier classifier, PictureSet pictures, int[] expected, PictureResize resize) {
        return of(classifier.numClasses(), classify(classifier, pictures, resize), expected);
    }

    /** The most likely class of each picture, of any size and channels. */
    public static long[] classify(Classifier classifier, PictureSet pictures, PictureResize resize) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return Tensors.longs(pictures.map(some -> {
                    Tensor scores = classifier.forward(ClassifierFeatures.input(classifier, some, resize));
                    return argmax(scores, new LongOptional(1), false);
                }));
            }
        });
    }

    private static ClassFidelity of(int classes, long[] found, int[] expected) {
        int[] recognised = new int[classes];
        int[] total = new int[classes];
        for (int i = 0; i < expected.length; i++) {
            total[expected[i]]++;
            if (found[i] == expected[i]) {
                recognised[expected[i]]++;
            }
        }
        return new ClassFidelity(recognised, total);
    }

    /** The most likely class of each picture. */
    public static long[] classify(Classifier classifier, Tensor images) {
        long[] found = new long[(int) images.size(0)];
        for (int start = 0; start < found.length; start += BATCH) {
            int first = start;
            int count = Math.min(BATCH, found.length - start);
            long[] some = TensorScope.compute(() -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    Tensor scores = classifier.forward(images.narrow(0, first, count));
                    return Tensors.longs(argmax(scores, new LongOptional(1), false));
                }
            });
            System.arraycopy(some, 0, found, start, count);
        }
        return found;
    }

    /**
     * A line a class: its name, how many of how many, the share.
     *
     * @param names label 0 first; where one is missing, the label's number stands
     */
    public String table(java.util.List<String> names) {
        StringBuilder table = new StringBuilder();
        for (int label = 0; label < total.length; label++) {
            if (total[label] > 0) {
                String name = label < names.size() ? names.get(label) : Integer.toString(label);
                double share = 100.0 * recognised[label] / total[label];
                table.append(String.format(
                        Locale.ROOT, "  %-12s %5d of %5d  %5.1f %%%n", name, recognised[label], total[label], share));
            }
        }
        return table.toString();
    }

    /** How many were looked at of each class, by its number; classes without pictures are left out. */
    public Map<String, Integer> classes() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (int label = 0; label < total.length; label++) {
            if (total[label] > 0) {
                counts.put(Integer.toString(label), total[label]);
            }
        }
        return counts;
    }

    /** All that were recognised. */
    public int recognisedInAll() {
        return Arrays.stream(recognised).sum();
    }

    /** All that were looked at. */
    public int totalInAll() {
        return Arrays.stream(total).sum();
    }

    /** The share that was recognised. */
    public double share() {
        return (double) recognisedInAll() / Math.max(1, totalInAll());
    }

    /**
     * By how much the share would vary with other pictures of the same kind: half the width of Wilson's interval (1927) at one
     * standard deviation. Of many pictures it is √(p(1 − p)/n); of a few that are all right or all wrong it is not 0.
     */
    public double standardError() {
        return new Proportion(recognisedInAll(), totalInAll()).halfWidth(1);
    }
}
