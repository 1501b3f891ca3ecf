// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TextCleaning;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A CLIP with its vocabulary and its way to look at pictures: texts and pictures to points on the unit sphere, on the CPU in
 * {@code float32}. Thread-safe. Close it to free the network.
 *
 * <pre>{@code
 * try (Clip clip = Clip.load(Path.of("clip-vit-base-patch32"));
 *         Tensor similarity = clip.embedPictures(pictures).mm(clip.embedTexts(List.of("a red rose")).t())) { … }
 * }</pre>
 */
public final class Clip implements AutoCloseable {
    private static final double SMALLEST_NORM = 1e-12;
    private static final long[] FEATURES = {1};

    private final Origin origin;
    private final ClipModel model;
    private final @Nullable ClipTokenizer tokenizer;
    private final ClipPictures pictures;
    private final TextCleaning reference;

    /**
     * Where it was loaded from.
     *
     * @param place as it was given
     * @param activation as it was given; {@code null} where the files name it
     */
    public record Origin(Path place, @Nullable ClipActivation activation) {}

    Clip(
            Origin origin,
            ClipModel model,
            @Nullable ClipTokenizer tokenizer,
            ClipPictures pictures,
            TextCleaning reference) {
        this.origin = origin;
        this.model = model;
        this.tokenizer = tokenizer;
        this.pictures = pictures;
        this.reference = reference;
    }

    /** {@link #load(Path, ClipActivation)} with the activation that the files say. */
    public static Clip load(Path place) {
        return load(place, null);
    }

    /**
     * Loads a folder of transformers ({@code config.json}, {@code model.safetensors} or {@code pytorch_model.bin}), a folder of OpenCLIP
     * ({@code open_clip_config.json}, {@code open_clip_model.safetensors} or {@code open_clip_pytorch_model.bin}), or a checkpoint
     * file of OpenCLIP. The vocabulary lies beside: {@code vocab.json} with {@code merges.txt}, {@code tokenizer.json}, or
     * {@code bpe_simple_vocab_16e6.txt.gz}; without one, only pictures can be embedded.
     *
     * @param activation in place of what the files say, or {@code null}
     * @throws Problem (a failure) naming the file and what is wrong with it; (a wrong request) where the files do not say the activation
     */
    public static Clip load(Path place, @Nullable ClipActivation activation) {
        return new ClipFiles(place, activation).load();
    }

    /**
     * @param texts longer ones are cut, see {@link #tokensCut}
     * @return {@code float32 (texts, D)}, each of length 1; a new tensor owned by the current scope
     * @throws Problem (a failure) where there is no vocabulary
     */
    public Tensor embedTexts(List<String> texts) {
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return unit(model.embedTexts(tokens(texts)));
            }
        });
    }

    private Tensor tokens(List<String> texts) {
        return Tensors.ofLongs(tokenizer().ids(texts, length())).view(texts.size(), length());
    }

    /** How many tokens of a text are more than this CLIP can take. */
    public int tokensCut(String text) {
        return tokenizer().tokens(text, length()).dropped().size();
    }

    /** The most tokens of a text, its two marks aside. */
    public int longestText() {
        return length() - 2;
    }

    private int length() {
        return model.typedConfig().textConfig().maxPositionEmbeddings();
    }

    private ClipTokenizer tokenizer() {
        if (tokenizer == null) {
            throw Problem.failure("there is no vocabulary beside " + origin.place()
                    + ", so texts cannot be embedded: add vocab.json and merges.txt, tokenizer.json, or "
                    + ClipFiles.OPENAI_VOCABULARY);
        }
        return tokenizer;
    }

    /**
     * The largest centred square of each picture.
     *
     * @param images {@code float32 (B, 1 or 3, H, W)}, 0 black and 1 white
     * @return {@code float32 (B, D)}, each of length 1; a new tensor owned by the current scope
     */
    public Tensor embedPictures(Tensor images) {
        Check.that(images.dim() == 4, "pictures must have 4 dimensions, but have " + images.dim());
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return embed(pictures.whole(images, reference));
            }
        });
    }

    /**
     * Differentiable with regard to the pixels.
     *
     * @param pixels {@code float32 (B, 3, size, size)} as {@link #pictures()} makes them
     * @return {@code float32 (B, D)}, each of length 1; a new tensor owned by the current scope
     */
    public Tensor embed(Tensor pixels) {
        return TensorScope.keepResult(() -> unit(model.embedImages(pixels)));
    }

    private static Tensor unit(Tensor features) {
        return features.div(features.square()
                .sum(FEATURES, true, new org.bytedeco.pytorch.ScalarTypeOptional())
                .add(new Scalar(SMALLEST_NORM))
                .sqrt());
    }

    /** {@link dev.diffusion4j.layer.Layer#freeze}: embedding without gradients becomes faster, with gradients slower. */
    public void freeze() {
        model.freeze();
    }

    /** How it expects its pictures. */
    public ClipPictures pictures() {
        return pictures;
    }

    /** Which reference's files these are. */
    public TextCleaning reference() {
        return reference;
    }

    /** Where it was loaded from. */
    public Origin origin() {
        return origin;
    }

    /** The network itself; borrowed. */
    public ClipModel model() {
        return model;
    }

    @Override
    public void close() {
        model.close();
    }
}
