// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchSource;
import dev.diffusion4j.data.transform.ImageTransform;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The distribution of each picture's latent, and that of its mirror image where pictures are mirrored, computed once. What is shown of it is
 * drawn anew each time, so that a training is the same as with pictures that are encoded each time, to rounding.
 */
final class LatentCache implements BatchSource, AutoCloseable {
    private final TrainingData data;
    private final KeptRows rows;
    private final long[] shape;
    private final boolean mirrored;

    private LatentCache(TrainingData data, KeptRows rows, long[] shape) {
        this.data = data;
        this.rows = rows;
        this.shape = shape;
        this.mirrored = data.config().randomFlip();
    }

    /**
     * Looks whether latents can be kept as the recipe asks for.
     *
     * @param codec borrowed; {@code null} for pixels
     * @throws Problem (a wrong request) where they cannot
     */
    static void check(Recipe recipe, TrainingData data, @Nullable SampleCodec codec) {
        DataConfig config = recipe.data();
        if (config.latents() == KeepMode.LIVE) {
            return;
        }
        if (codec == null || !recipe.model().partsSha256().containsKey("vae")) {
            throw Problem.request("data.latents is " + config.latents().key()
                    + ", but the network learns in no latents of an autoencoder from a folder: omit it");
        }
        if (config.resize() == ResizeMode.RANDOM_CROP) {
            throw Problem.request("data.latents is " + config.latents().key()
                    + ", but data.resize random_crop cuts pictures elsewhere each time: set data.latents to live, or"
                    + " data.resize to another");
        }
        long[] sample = codec.shape(ModelFactory.pictureSize(data));
        long numbers = sample[0] * sample[1] * sample[2] * 2 * (config.randomFlip() ? 2 : 1);
        KeptRows.checkSize(
                KeptKind.LATENTS,
                config.latents(),
                data,
                () -> 4 * numbers * data.dataset().size());
    }

    /**
     * Computes them, or opens the file that a run computed before.
     *
     * @param data borrowed
     * @param codec with its networks where they compute; borrowed
     * @param maker encodes what is not there yet
     * @throws RowMaker.Stopped where the maker was stopped
     * @throws Problem (a failure) where the run's folder has a file of other data or of another autoencoder
     */
    static LatentCache open(Recipe recipe, RunFolder folder, TrainingData data, SampleCodec codec, RowMaker maker) {
        long[] sample = codec.shape(ModelFactory.pictureSize(data));
        boolean drawn = TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return codec.moments(blank(data)).std() != null;
            }
        });
        long[] shape = {drawn ? 2 * sample[0] : sample[0], sample[1], sample[2]};
        KeptRows.About about = new KeptRows.About(
                KeptKind.LATENTS,
                marks(recipe, data, codec),
                data.dataset().size(),
                data.config().randomFlip() ? 2 : 1,
                shape);
        return new LatentCache(data, KeptRows.open(recipe.data().latents(), about, folder.path(), maker), shape);
    }

    private static Map<String, String> marks(Recipe recipe, TrainingData data, SampleCodec codec) {
        Map<String, String> marks = new LinkedHashMap<>();
        marks.put("data", data.dataset().fingerprint());
        marks.put("autoencoder", String.valueOf(recipe.model().partsSha256().get("vae")));
        marks.put("scaling_factor", codec instanceof VaeCodec vae ? String.valueOf(vae.scalingFactor()) : "");
        marks.put(
                "prepared",
                data.config().resize().key()
                        + (data.config().randomFlip() ? ", mirrored" : "")
                        + (data.config().invert() ? ", inverted" : ""));
        return marks;
    }

    private static Tensor blank(TrainingData data) {
        ImageTransform transform = data.transform();
        int count = transform.channels() * transform.height() * transform.width();
        return Tensors.of(new float[count], 1, transform.channels(), transform.height(), transform.width());
    }

    @Override
    public String description() {
        return data.dataset().description();
    }

    @Override
    public int size() {
        return data.dataset().size();
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public Row read(int index) {
        if (!rows.isReadable(index)) {
            data.dataset().example(index); // says why
            throw new BrokenExampleException(data.dataset().name(index) + " could not be read");
        }
        int label = data.dataset().label(index);
        String caption = data.dataset().caption(index);
        return new Row() {
            @Override
            public int label() {
                return label;
            }

            @Override
            public @Nullable String caption() {
                return caption;
            }

            @Override
            public void fill(RandomGenerator random, float[] into, int offset) {
                rows.read(index, mirrored && random.nextBoolean() ? 1 : 0, into, offset);
            }
        };
    }

    @Override
    public void close() {
        rows.close();
    }
}
