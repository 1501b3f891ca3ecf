// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The samples of one call; close it to free them. */
public final class GenerationResult implements AutoCloseable {
    private final Tensor samples;
    private final SampleCodec codec;
    private final String remedy;
    private final @Nullable MaskCrop crop;
    private final Runnable afterDecoding;
    private @Nullable Tensor decoded;

    GenerationResult(Tensor samples, SampleCodec codec) {
        this(samples, codec, GuidanceNotices.REMEDY, null, () -> {});
    }

    /**
     * @param remedy what can be tried where numbers are not finite
     * @param crop the region that was drawn, or {@code null} for whole pictures
     * @param afterDecoding runs once the codec has decoded the samples, or failed to
     */
    GenerationResult(
            Tensor samples, SampleCodec codec, String remedy, @Nullable MaskCrop crop, Runnable afterDecoding) {
        this.samples = samples;
        this.codec = codec;
        this.remedy = remedy;
        this.crop = crop;
        this.afterDecoding = afterDecoding;
    }

    /** {@code float32 (N, C, H, W)} on the CPU, in the network's own range, not clamped; owned by this result. */
    public Tensor samples() {
        return samples;
    }

    /** Some of them; the caller closes it, before this. */
    GenerationResult narrow(int first, int count) {
        return new GenerationResult(
                TensorScope.ownResult(() -> samples.narrow(0, first, count)), codec, remedy, crop, afterDecoding);
    }

    /** Whether the samples are latents, which a network decodes. */
    public boolean hasLatents() {
        return codec.hasLatents();
    }

    /**
     * The pictures that latents are decoded to: {@code float32 (N, C', H', W')}, black −1 and white 1, not cut. They are decoded once and
     * owned by this result.
     */
    public synchronized Tensor decoded() {
        Tensor known = decoded;
        if (known == null) {
            try {
                known = TensorScope.ownResult(() -> codec.decode(samples).to(Devices.cpu(), ScalarType.Float));
                decoded = known;
            } finally {
                afterDecoding.run();
            }
        }
        return known;
    }

    /** Writes one tensor {@code samples}, {@code float32 (N, C, H, W)}, in the network's own range. */
    public void saveTensors(Path file) {
        Safetensors.write(file, Map.of("samples", samples), Map.of("format", "pt"));
    }

    /**
     * The pictures of the samples: black 0 and white 1, not cut.
     *
     * @return {@code float32 (N, C', H', W')}, a new tensor owned by the current scope
     */
    public Tensor pictures() {
        if (!hasLatents()) {
            return codec.pictures(samples);
        }
        return TensorScope.keepResult(() -> decoded().add(new Scalar(1.0)).div(new Scalar(2.0)));
    }

    /**
     * As 8-bit pictures; where only a region was drawn, put back into the whole picture.
     *
     * @throws Problem where a sample or its decoded picture holds NaN or infinity, which no picture can show
     */
    public List<BufferedImage> images() {
        checkFinite();
        List<BufferedImage> drawn = TensorScope.compute(() -> {
            Tensor pictures = pictures();
            check(pictures, "the autoencoder made", "try {dtype} f32, or another {vae}");
            return Images.fromSamples(pictures, 0, 1);
        });
        return crop == null ? drawn : drawn.stream().map(crop::whole).toList();
    }

    /** @throws Problem where a sample holds NaN or infinity */
    void checkFinite() {
        check(samples, "the network drew", remedy);
    }

    private static void check(Tensor numbers, String who, String remedy) {
        long bad = TensorScope.compute(() -> torch.isfinite(numbers)
                .flatten(1, -1)
                .all(1)
                .logical_not()
                .sum()
                .item_long());
        if (bad > 0) {
            throw Problem.failure(who + " numbers that are not finite in " + bad + " of " + numbers.size(0)
                    + (numbers.size(0) == 1 ? " picture" : " pictures")
                    + ", so there is no picture to write: " + remedy);
        }
    }

    @Override
    public void close() {
        samples.close();
        synchronized (this) {
            if (decoded != null) {
                decoded.close();
                decoded = null;
            }
        }
    }
}
