// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What one batch of pictures begins with, what the network sees beside the samples, and what is put back after each step. The order of the
 * random draws is that of diffusers' calls. Its tensors belong to the scope around the run.
 */
final class BatchStart {
    private final @Nullable StartPicture picture;
    private final SampleCodec codec;
    private final long[] shape;
    private final Device device;
    private final boolean encodesInFull;
    private @Nullable Tensor clean;
    private @Nullable Tensor drawn;
    private @Nullable Tensor extra;

    /**
     * @param picture {@code null} for none; borrowed
     * @param shape (B, C, H, W) of the samples
     * @param device where the samples stay; the noise is drawn on the CPU
     * @param encodesInFull whether the codec's noise is drawn as f32 in any case
     */
    BatchStart(@Nullable StartPicture picture, SampleCodec codec, long[] shape, Device device, boolean encodesInFull) {
        this.picture = picture;
        this.codec = codec;
        this.shape = shape.clone();
        this.device = device;
        this.encodesInFull = encodesInFull;
    }

    PictureUse use() {
        return picture == null ? PictureUse.NONE : picture.use();
    }

    /** What is joined to the samples, {@code float32 (B, C', H, W)}, once {@link #sample} was called; {@code null} for nothing. */
    @Nullable
    Tensor extra() {
        return extra;
    }

    /**
     * Draws what the codec draws, then the noise.
     *
     * @return the first sample, {@code float32 (B, C, H, W)}, with the noise of the call that comes next in the run; owned by the current
     *     scope
     */
    Tensor sample(SchedulerRun run, NoiseSource noise) {
        return switch (use()) {
            case NONE -> run.initialSample(noise(noise));
            case START -> started(run, noise);
            case KEEP -> kept(run, noise);
            case FILL -> filled(run, noise);
            case EDIT -> edited(run, noise);
        };
    }

    private Tensor started(SchedulerRun run, NoiseSource noise) {
        Tensor original = encoded(image().repeat(shape[0], 1, 1, 1), noise);
        return run.addNoise(original, noise(noise));
    }

    /** diffusers draws the picture's latent once, from the first picture's stream, for all; and the masked picture's, unused. */
    private Tensor kept(SchedulerRun run, NoiseSource noise) {
        Tensor original = encoded(image(), noise.ofFirst()).repeat(shape[0], 1, 1, 1);
        Tensor epsilon = noise(noise);
        TensorScope.run(() -> encoded(image(), noise.ofFirst()));
        clean = original;
        drawn = epsilon;
        return given().fromNoise() ? run.initialSample(epsilon) : run.addNoise(original, epsilon);
    }

    /** The picture's latent is drawn only where the run starts from it. */
    private Tensor filled(SchedulerRun run, NoiseSource noise) {
        Tensor original =
                given().fromNoise() ? null : encoded(image(), noise.ofFirst()).repeat(shape[0], 1, 1, 1);
        Tensor epsilon = noise(noise);
        Tensor rest = encoded(moved(given().masked()), noise.ofFirst());
        extra = cat(new TensorVector(moved(given().mask()), rest), 1).repeat(shape[0], 1, 1, 1);
        return original == null ? run.initialSample(epsilon) : run.addNoise(original, epsilon);
    }

    private Tensor edited(SchedulerRun run, NoiseSource noise) {
        extra = codec.mode(image()).repeat(shape[0], 1, 1, 1);
        return run.initialSample(noise(noise));
    }

    private StartPicture given() {
        return Check.given(picture, "{picture}");
    }

    private Tensor image() {
        return moved(given().picture());
    }

    private Tensor moved(Tensor tensor) {
        return tensor.to(device, ScalarType.Float);
    }

    private Tensor encoded(Tensor pictures, NoiseSource noise) {
        return codec.encode(pictures, encodesInFull ? noise.inFull() : noise);
    }

    private Tensor noise(NoiseSource noise) {
        return moved(noise.randn(shape));
    }

    /**
     * What is put back after each step: the picture's latents with the noise of the call that comes next.
     *
     * @param end the index of the call that is not made any more
     */
    AfterStep afterStep(int end) {
        return clean == null || drawn == null ? AfterStep.NONE : new PutBack(given().mask(), clean, drawn, end);
    }

    /** Whether a region is put back after each step. */
    boolean putsBack() {
        return clean != null;
    }

    /**
     * The same where another run goes on: diffusers' inpainting calls put back what they were handed, with noise of their own.
     *
     * @param handed {@code float32 (B, C, H, W)}; borrowed
     * @param epsilon of the same shape; borrowed
     */
    AfterStep afterStep(Tensor handed, Tensor epsilon, int end) {
        return new PutBack(given().mask(), handed, epsilon, end);
    }

    /**
     * Puts the region back that is black in a mask.
     *
     * @param anew 1 where it is drawn anew, 0 where it is kept
     * @param clean what is kept
     * @param noise that it gets
     * @param end the index of the call before which it gets none: a run that is cut short to be handed on ends with clean latents there, as
     *     diffusers' do
     */
    private record PutBack(Tensor anew, Tensor clean, Tensor noise, int end) implements AfterStep {
        @Override
        public Tensor apply(Tensor sample, SchedulerRun run, NoiseSource source) {
            return TensorScope.keepResult(() -> {
                Tensor mask = anew.to(sample.device(), ScalarType.Float);
                Tensor kept = run.stepIndex() == end ? clean : run.addNoise(clean, noise);
                return sample.mul(mask).add(kept.mul(mask.neg().add(new Scalar(1.0))));
            });
        }
    }
}
