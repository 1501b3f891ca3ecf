// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * How well pictures show what texts say: 100·cosine of their CLIP embeddings, Hessel et al. (2021) without its factor 2.5, as torchmetrics
 * has it. Order and batches do not matter; figures of different CLIPs cannot be compared.
 *
 * @param perPicture of each pair, −100 to 100
 */
public record ClipScore(double[] perPicture) {
    private static final int BATCH = 64;
    private static final double FULL = 100;
    private static final long[] FEATURES = {1};

    /**
     * @param clip borrowed
     * @param images {@code float32 (N, 1 or 3, H, W)} in [−1, 1]
     * @param texts of each, or one for all; those that are too long are cut
     * @throws dev.diffusion4j.base.Problem (a failure) where the CLIP has no vocabulary
     */
    public static ClipScore of(Clip clip, Tensor images, List<String> texts) {
        int count = (int) images.size(0);
        Check.that(count > 0, "a CLIP score needs pictures");
        Check.that(
                texts.size() == count || texts.size() == 1,
                "there are " + texts.size() + " texts for " + count + " pictures");
        List<String> distinct = new ArrayList<>(new LinkedHashSet<>(texts));
        double[] scores = new double[count];
        TensorScope.run(() -> {
            Tensor points = clip.embedTexts(distinct);
            for (int start = 0; start < count; start += BATCH) {
                int first = start;
                int some = Math.min(BATCH, count - start);
                long[] rows = new long[some];
                Arrays.setAll(rows, i -> distinct.indexOf(texts.get(texts.size() == 1 ? 0 : first + i)));
                TensorScope.run(() -> {
                    Tensor unit =
                            images.narrow(0, first, some).add(new Scalar(1.0)).div(new Scalar(2.0));
                    Tensor cosines = clip.embedPictures(unit)
                            .mul(points.index_select(0, Tensors.ofLongs(rows)))
                            .sum(FEATURES);
                    float[] values = Tensors.floats(cosines);
                    for (int i = 0; i < some; i++) {
                        scores[first + i] = FULL * values[i];
                    }
                });
            }
        });
        return new ClipScore(scores);
    }

    /** One text and pictures of any sizes; {@code clip} is borrowed. */
    public static ClipScore of(Clip clip, PictureSet pictures, String text) {
        return TensorScope.compute(() -> {
            Tensor points = clip.embedTexts(List.of(text));
            float[] cosines = Tensors.floats(
                    pictures.map(some -> clip.embedPictures(some).mul(points).sum(FEATURES)));
            double[] scores = new double[cosines.length];
            Arrays.setAll(scores, i -> FULL * cosines[i]);
            return new ClipScore(scores);
        });
    }

    /** Of all pairs; not less than 0. */
    public double mean() {
        return Math.max(0, Arrays.stream(perPicture).average().orElse(0));
    }

    /** By how much the mean would vary with other pictures of the same kind: deviation/√n; NaN of a single pair. */
    public double standardError() {
        double centre = Arrays.stream(perPicture).average().orElse(0);
        double squares = Arrays.stream(perPicture)
                .map(value -> (value - centre) * (value - centre))
                .sum();
        return Math.sqrt(squares / (perPicture.length - 1) / perPicture.length);
    }
}
