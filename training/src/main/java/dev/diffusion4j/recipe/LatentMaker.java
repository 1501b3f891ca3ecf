// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.codec.KeptMoments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.transform.ImageTransform;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/** Encodes all pictures of a data set by a {@link RowMaker}, whose threads read and encode pictures of their own. */
final class LatentMaker {
    /** Pixels that a thread encodes before it looks for more: 32 pictures of 64x64. */
    private static final int PIXELS = 32 * 64 * 64;

    private final TrainingData data;
    private final SampleCodec codec;

    private LatentMaker(TrainingData data, SampleCodec codec) {
        this.data = data;
        this.codec = codec;
    }

    /**
     * Of each picture the numbers of {@link KeptMoments}, and behind them those of its mirror image where pictures are mirrored;
     * {@code null} where it cannot be read.
     *
     * @param data borrowed
     * @param codec with its networks where they compute; borrowed
     * @param threads 1 where that is a card
     * @param stop asked again and again
     */
    static RowMaker of(TrainingData data, SampleCodec codec, int threads, RunListener listener, BooleanSupplier stop) {
        int pixels = data.transform().height() * data.transform().width();
        return new RowMaker(
                "pictures",
                data.dataset().size(),
                Math.max(1, PIXELS / pixels),
                threads,
                new LatentMaker(data, codec)::rows,
                listener::onLatents,
                stop);
    }

    private float[] @Nullable [] rows(int from, int to) {
        ImageTransform plain = data.plainTransform();
        int length = plain.channels() * plain.height() * plain.width();
        float[] values = new float[length * (to - from)];
        float[] @Nullable [] rows = new float[to - from][];
        List<Integer> readable = new ArrayList<>();
        for (int i = from; i < to; i++) {
            if (prepare(i, plain, values, length * readable.size())) {
                readable.add(i - from);
            }
        }
        if (!readable.isEmpty()) {
            float[] all = moments(
                    Arrays.copyOf(values, length * readable.size()),
                    readable.size(),
                    plain.channels(),
                    plain.height(),
                    plain.width());
            int numbers = all.length / readable.size();
            for (int i = 0; i < readable.size(); i++) {
                rows[readable.get(i)] = Arrays.copyOfRange(all, i * numbers, (i + 1) * numbers);
            }
        }
        return rows;
    }

    /** Whether the picture can be read. */
    private boolean prepare(int index, ImageTransform plain, float[] into, int offset) {
        try {
            plain.apply(data.dataset().prepared(index, plain).image(), new Random(0), into, offset);
            return true;
        } catch (BrokenExampleException e) {
            return false;
        }
    }

    /** Picture by picture, each with its mirror image behind it. */
    private float[] moments(float[] values, long... shape) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor pictures = Tensors.of(values, shape);
                if (!data.config().randomFlip()) {
                    return Tensors.floats(KeptMoments.of(codec, pictures));
                }
                return Tensors.floats(KeptMoments.of(codec, inTurn(pictures, pictures.flip(3))));
            }
        });
    }

    /** (2·B, C, H, W), the first of the one, the first of the other, and so on. */
    private static Tensor inTurn(Tensor one, Tensor other) {
        return cat(new TensorVector(one.unsqueeze(1), other.unsqueeze(1)), 1)
                .reshape(2 * one.size(0), one.size(1), one.size(2), one.size(3));
    }
}
