// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Encodes not pictures but the {@link Moments} that a codec gave for them before: the mean and, behind it in as many channels again, the
 * deviation where there is one. A sample is drawn from them anew each time. All else is the other codec's, which is borrowed.
 */
public final class KeptMoments implements SampleCodec {
    private final SampleCodec codec;

    public KeptMoments(SampleCodec codec) {
        this.codec = codec;
    }

    /**
     * What {@link #encode} takes.
     *
     * @param pictures {@code float32 (B, C', H', W')} in [−1, 1]
     * @return {@code float32 (B, C or 2·C, H, W)}, owned by the current scope
     */
    public static Tensor of(SampleCodec codec, Tensor pictures) {
        return TensorScope.keepResult(() -> {
            Moments moments = codec.moments(pictures);
            Tensor std = moments.std();
            return std == null
                    ? moments.mean()
                    : org.bytedeco.pytorch.global.torch.cat(
                            new org.bytedeco.pytorch.TensorVector(moments.mean(), std), 1);
        });
    }

    @Override
    public Moments moments(Tensor kept) {
        long channels = codec.shape(new SampleSize(codec.scaleFactor(), codec.scaleFactor()))[0];
        return kept.size(1) == channels
                ? Moments.exact(kept)
                : new Moments(kept.narrow(1, 0, channels), kept.narrow(1, channels, channels));
    }

    @Override
    public Tensor encode(Tensor kept, NoiseSource noise) {
        return TensorScope.keepResult(() -> moments(kept).sample(noise));
    }

    @Override
    public long[] shape(SampleSize size) {
        return codec.shape(size);
    }

    @Override
    public int pictureChannels() {
        return codec.pictureChannels();
    }

    @Override
    public int scaleFactor() {
        return codec.scaleFactor();
    }

    @Override
    public Tensor decode(Tensor samples) {
        return codec.decode(samples);
    }

    @Override
    public boolean hasLatents() {
        return codec.hasLatents();
    }

    @Override
    public Map<String, Model> networks() {
        return codec.networks();
    }
}
