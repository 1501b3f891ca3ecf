// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unetlab;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.ConvTranspose2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The blocks of the lab's network, under the names that its weights have there. */
final class LabBlocks {
    private LabBlocks() {}

    /** Two convolutions; the first one's result is added to the second's. */
    static final class Residual extends Layer {
        private final GeluConv first;
        private final GeluConv second;

        Residual(int in, int out, int groups) {
            first = child("conv1", new GeluConv(in, out, groups));
            second = child("conv2", new GeluConv(out, out, groups));
        }

        Tensor forward(Tensor x) {
            return TensorScope.keepResult(() -> {
                Tensor once = first.forward(x);
                return once.add(second.forward(once));
            });
        }
    }

    /** 2×2 pixels become channels, (c, row, column); then a convolution. */
    static final class RearrangePool extends Layer {
        private final GeluConv conv;

        RearrangePool(int channels, int groups) {
            conv = child("conv", new GeluConv(4 * channels, channels, groups));
        }

        Tensor forward(Tensor x) {
            return TensorScope.keepResult(() -> conv.forward(torch.pixel_unshuffle(x, 2)));
        }
    }

    /** Halves the size. */
    static final class Down extends Layer {
        private final GeluConv first;
        private final GeluConv second;
        private final RearrangePool pool;

        Down(int in, int out, int groups) {
            first = child("model.0", new GeluConv(in, out, groups));
            second = child("model.1", new GeluConv(out, out, groups));
            pool = child("model.2", new RearrangePool(out, groups));
        }

        Tensor forward(Tensor x) {
            return TensorScope.keepResult(() -> pool.forward(second.forward(first.forward(x))));
        }
    }

    /** Doubles the size of a sample and the skip beside it. */
    static final class Up extends Layer {
        private static final int CONVOLUTIONS = 4;

        private final ConvTranspose2d enlarge;
        private final List<GeluConv> convolutions = new ArrayList<>();

        Up(int in, int out, int groups) {
            enlarge = child("model.0", new ConvTranspose2d(2L * in, out, 2));
            for (int i = 1; i <= CONVOLUTIONS; i++) {
                convolutions.add(child("model." + i, new GeluConv(out, out, groups)));
            }
        }

        Tensor forward(Tensor x, Tensor skip) {
            return TensorScope.keepResult(() -> {
                Tensor result = enlarge.forward(cat(new TensorVector(x, skip), 1));
                for (GeluConv convolution : convolutions) {
                    result = convolution.forward(result);
                }
                return result;
            });
        }
    }

    /** Linear, GELU, linear; the result is one number a channel. */
    static final class Embed extends Layer {
        private final Linear first;
        private final Linear second;

        Embed(int in, int out) {
            first = child("model.0", new Linear(in, out));
            second = child("model.2", new Linear(out, out));
        }

        /** (B, in) → (B, out, 1, 1). */
        Tensor forward(Tensor x) {
            return TensorScope.keepResult(() -> second.forward(Activation.GELU.apply(first.forward(x)))
                    .unsqueeze(2)
                    .unsqueeze(3));
        }
    }
}
