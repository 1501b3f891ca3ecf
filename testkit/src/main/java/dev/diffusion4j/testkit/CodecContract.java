// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static dev.diffusion4j.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** What every codec promises. */
public abstract class CodecContract {
    private static final int COUNT = 2;

    /** The codec to test; the test does not close it. */
    protected abstract SampleCodec codec();

    /** The size of the pictures that it is given: a multiple of its scale factor. */
    protected SampleSize size() {
        return SampleSize.square(16);
    }

    /**
     * How far a picture that was encoded and decoded may lie from itself, as a share of its largest value. The default is for
     * codecs that lose nothing.
     */
    protected double recoveryTolerance() {
        return 1e-5;
    }

    private long[] pictureShape() {
        return new long[] {COUNT, codec().pictureChannels(), size().height(), size().width()};
    }

    private Tensor pictures() {
        try (RandomStream random = new RandomStream(17)) {
            return random.rand(pictureShape()).mul(new Scalar(2.0)).sub(new Scalar(1.0));
        }
    }

    private Tensor encoded(Tensor pictures) {
        try (NoiseSource noise = NoiseSource.shared(3)) {
            return codec().encode(pictures, noise);
        }
    }

    @Test
    void samples_have_the_shape_that_was_promised() {
        TensorScope.run(() -> {
            long[] shape = codec().shape(size());
            assertThat(Tensors.shape(encoded(pictures()))).containsExactly(COUNT, shape[0], shape[1], shape[2]);
            assertThat(shape[1] * codec().scaleFactor()).isEqualTo(size().height());
            assertThat(shape[2] * codec().scaleFactor()).isEqualTo(size().width());
        });
    }

    @Test
    void decoding_what_was_encoded_gives_the_pictures() {
        TensorScope.run(() -> {
            Tensor pictures = pictures();
            assertClose("pictures", codec().decode(encoded(pictures)), pictures, recoveryTolerance());
        });
    }

    @Test
    void shown_pictures_lie_between_0_and_1() {
        TensorScope.run(() -> {
            Tensor samples = encoded(pictures());
            Tensor expected = codec().decode(samples).add(new Scalar(1.0)).div(new Scalar(2.0));
            assertClose("pictures", codec().pictures(samples), expected, 1e-5);
            Tensor preview = codec().preview(samples);
            assertThat(preview.size(0)).isEqualTo(COUNT);
            assertThat(preview.size(1)).isEqualTo(codec().pictureChannels());
        });
    }

    @Test
    void a_picture_does_not_depend_on_the_others_of_its_batch() {
        TensorScope.run(() -> {
            Tensor samples = encoded(pictures());
            assertClose(
                    "the second picture",
                    codec().decode(samples.narrow(0, 1, 1)),
                    codec().decode(samples).narrow(0, 1, 1),
                    1e-4);
        });
    }

    @Test
    void decoding_is_differentiable() {
        TensorScope.run(() -> {
            Tensor samples = encoded(pictures()).clone().detach().set_requires_grad(true);
            codec().decode(samples).square().sum().backward();
            double length = 0;
            for (float value : Tensors.floats(samples.grad())) {
                length += value * value;
            }
            assertThat(length).isFinite().isPositive();
        });
    }
}
