// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Layers in the forms that no network of ours has yet, and attention in all of its forms, against diffusers and PyTorch. */
public class LayersGoldenTest {
    private static final double TOLERANCE = 2e-5;

    private static final AttentionSpec CROSS = AttentionSpec.self(12, 3).with(s -> {
        s.contextFeatures = 10;
        s.bias = false;
    });
    private static final AttentionSpec CAUSAL = AttentionSpec.self(12, 2).with(s -> s.causal = true);

    /**
     * Output and gradients of a layer with the start values of seed 7.
     *
     * @param frozen whether the output is that of the frozen layer, with a sample in channels-last order, and no gradient is made
     * @param input draws what the layer is given
     */
    public static <L extends Layer> void check(
            String name,
            L made,
            boolean frozen,
            Function<RandomStream, Tensor> input,
            BiFunction<L, Tensor, Tensor> forward) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("layers");
                    L layer = made;
                    RandomStream initial = new RandomStream(7);
                    RandomStream random = new RandomStream(11)) {
                layer.initialize(initial);
                Tensor sample = input.apply(random);
                if (frozen) {
                    layer.channelsLast(true);
                    layer.freeze();
                    try (NoGradGuard guard = new NoGradGuard()) {
                        Tensor last = sample.contiguous(MemoryFormat.ChannelsLast);
                        assertClose(name, forward.apply(layer, last), golden.tensor(name + ".out"), TOLERANCE);
                    }
                    return;
                }
                layer.requiresGrad(true);
                Tensor output = forward.apply(layer, sample);
                assertClose(name, output, golden.tensor(name + ".out"), TOLERANCE);
                output.mul(random.randn(Tensors.shape(output))).sum().backward();
                assertClose(name + ": gradients", gradientNorms(layer), golden.floats(name + ".grad"), 1e-4);
            }
        });
    }

    private static float[] gradientNorms(Layer layer) {
        Map<String, Tensor> sorted = new TreeMap<>(layer.namedParameters());
        float[] norms = new float[sorted.size()];
        int i = 0;
        for (Tensor tensor : sorted.values()) {
            norms[i++] = (float) tensor.grad().norm().item_double();
        }
        return norms;
    }

    private static MultiHeadAttention attention(AttentionSpec spec) {
        return new MultiHeadAttention(spec, AttentionNames.DIFFUSERS);
    }

    /** Questions and a context, side by side in one tensor, because both are drawn. */
    private static Tensor questionsAndContext(RandomStream random) {
        Tensor questions = random.randn(2, 9, 12);
        Tensor context = random.randn(2, 6, 10);
        return torch.cat(new TensorVector(questions.reshape(-1), context.reshape(-1)), 0);
    }

    private static Tensor ask(MultiHeadAttention layer, Tensor both, boolean masked) {
        long split = 2 * 9 * 12;
        AttentionInput input =
                AttentionInput.of(both.narrow(0, split, both.size(0) - split).view(2, 6, 10));
        return layer.forward(both.narrow(0, 0, split).view(2, 9, 12), masked ? input.withMask(mask()) : input);
    }

    /** Five of six tokens may be seen in the first sequence, two in the second. */
    private static Tensor mask() {
        return Tensors.of(new float[] {1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0}, 2, 6)
                .to(ScalarType.Bool);
    }

    @Test
    void tokens_ask_other_tokens_of_which_some_are_masked() {
        check("cross", attention(CROSS), false, LayersGoldenTest::questionsAndContext, (l, x) -> ask(l, x, true));
    }

    @Test
    void tokens_ask_a_few_other_tokens() {
        check("cross_few", attention(CROSS), false, LayersGoldenTest::questionsAndContext, (l, x) -> ask(l, x, false));
    }

    @Test
    void tokens_see_those_before_them_with_norms_in_each_head() {
        check(
                "causal",
                attention(CAUSAL.with(s -> s.headNormEps = 1e-5)),
                false,
                random -> random.randn(2, 6, 12),
                MultiHeadAttention::forward);
    }

    @Test
    void tokens_see_those_before_them_of_which_some_are_masked() {
        check(
                "causal_masked",
                attention(CAUSAL),
                false,
                random -> random.randn(2, 6, 12),
                (layer, x) -> layer.forward(x, AttentionInput.SELF.withMask(mask())));
    }

    @Test
    void four_heads_ask_two_with_rotary_places() {
        AttentionSpec spec = AttentionSpec.self(12, 4).with(s -> {
            s.headSize = 4;
            s.valueSize = 4;
            s.keyHeads = 2;
            s.bias = false;
            s.outBias = false;
        });
        check(
                "grouped",
                attention(spec),
                false,
                random -> random.randn(2, 6, 12),
                (layer, x) -> layer.forward(x, AttentionInput.SELF.withPlaces(LayersGoldenTest::rotate)));
    }

    /** Pairs of features turned by place·10000^(−k/2): Su et al. (2021). */
    private static Tensor rotate(Tensor heads) {
        float[] cosine = new float[6 * 4];
        float[] sine = new float[6 * 4];
        for (int i = 0; i < cosine.length; i++) {
            double angle = (double) (i / 4) * (i % 4 < 2 ? 1 : 0.01);
            cosine[i] = (float) Math.cos(angle);
            sine[i] = (float) Math.sin(angle);
        }
        Tensor pairs = heads.unflatten(-1, new long[] {-1, 2});
        Tensor turned = torch.stack(new TensorVector(pairs.select(-1, 1).neg(), pairs.select(-1, 0)), -1)
                .flatten(3, 4);
        return heads.mul(Tensors.of(cosine, 6, 4)).add(turned.mul(Tensors.of(sine, 6, 4)));
    }

    @Test
    void a_convolution_without_a_bias_equals_pytorch() {
        for (boolean frozen : new boolean[] {false, true}) {
            check(
                    "convolution",
                    new Conv2d(3, 5, 2, 2, 0, false),
                    frozen,
                    random -> random.randn(2, 3, 6, 4),
                    Conv2d::forward);
        }
    }
}
