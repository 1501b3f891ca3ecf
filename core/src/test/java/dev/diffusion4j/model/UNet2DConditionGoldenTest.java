// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.model.unet2dcondition.ControlResiduals;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.AdditionEmbedType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.ClassEmbedType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.DrawnWeights;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.testing.GoldenModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every variant of UNet2DConditionModel against diffusers: start weights, names, output, loss and gradients; then as it is used. */
class UNet2DConditionGoldenTest {
    /** f32 sums in another order. */
    private static final double TOLERANCE = 2e-5;

    private static final Set<String> WITH_KERNELS = Set.of("sd1", "xl", "only_cross_attention", "control");
    private static final long[][] RESIDUALS = {{8, 8}, {8, 8}, {8, 8}, {8, 4}, {16, 4}, {16, 4}, {16, 4}};

    static Stream<String> variants() {
        return GoldenModels.variants("unet2d_condition");
    }

    /** What a network is called with. */
    private record Call(Tensor sample, Conditioning conditioning, @Nullable ControlResiduals control, Tensor target) {
        Tensor run(UNet2DConditionModel model) {
            return model.forward(sample, Tensors.ofDoubles(3, 977), conditioning, control);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void equals_diffusers(String variant) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("unet2d_condition");
                    UNet2DConditionModel model = UNet2DConditionModel.fromConfig(golden.json(variant))) {
                GoldenModels.checkStart(model, golden, variant);
                DrawnWeights.fill(model);
                Call call = call(variant, model, golden);
                Tensor expected = golden.tensor(variant + ".out");
                try (NoGradGuard guard = new NoGradGuard()) {
                    assertClose("output", call.run(model), expected, TOLERANCE);
                }
                checkGradients(model, call, golden, variant);
                model.freeze(); // as a pipeline has it, with packed weights
                try (NoGradGuard guard = new NoGradGuard()) {
                    assertClose("output, frozen", call.run(model), expected, TOLERANCE);
                }
            }
        });
    }

    private static void checkGradients(UNet2DConditionModel model, Call call, Golden golden, String variant) {
        model.requiresGrad(true);
        Tensor loss = torch.mse_loss(call.run(model), call.target());
        loss.backward();
        assertClose("loss", loss, golden.tensor(variant + ".loss"), TOLERANCE);
        assertClose("gradients", GoldenModels.gradientNorms(model), golden.floats(variant + ".grad"), 1e-4);

        if (!WITH_KERNELS.contains(variant)) {
            return;
        }
        model.channelsLast(true); // as training has it, with the vector kernels
        model.requiresGrad(true);
        model.namedParameters().values().forEach(tensor -> tensor.mutable_grad().reset());
        try (BackwardTape tape = BackwardTape.open()) {
            Tensor last = call.sample().contiguous(torch.MemoryFormat.ChannelsLast);
            Call again = new Call(last, call.conditioning(), call.control(), call.target());
            Tensor sum = torch.mse_loss(again.run(model), again.target());
            tape.withSides(sum).backward();
            assertClose("loss with kernels", sum, golden.tensor(variant + ".loss"), TOLERANCE);
        }
        assertClose(
                "gradients with kernels", GoldenModels.gradientNorms(model), golden.floats(variant + ".grad"), 1e-4);
    }

    /** Draws in the order of oracle/golden_text_to_image.py. */
    private static Call call(String variant, UNet2DConditionModel model, Golden golden) {
        UNet2DConditionConfig config = model.typedConfig();
        Tensor expected = golden.tensor(variant + ".out");
        long[] shape = Tensors.shape(expected);
        try (RandomStream random = new RandomStream(11)) {
            Tensor sample = random.randn(2, config.inChannels(), shape[2], shape[3]);
            Integer hidden = config.encoderHidDim();
            Conditioning given = Conditioning.of(
                    Conditioning.ENCODER_HIDDEN_STATES, random.randn(2, 7, hidden == null ? 12 : hidden));
            if (variant.equals("masked")) {
                Tensor mask = Tensors.of(new float[] {1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1}, 2, 7);
                given = given.with(Conditioning.ENCODER_ATTENTION_MASK, mask);
            }
            Integer condition = config.timeCondProjDim();
            if (condition != null) {
                given = given.with(Conditioning.TIMESTEP_COND, random.randn(2, condition));
            }
            given = withClasses(given, config, random);
            if (config.additionEmbedType() == AdditionEmbedType.TEXT_TIME) {
                given = given.with(Conditioning.TEXT_EMBEDS, random.randn(2, 6))
                        .with(Conditioning.TIME_IDS, timeIds(config));
            }
            ControlResiduals control = variant.equals("control") ? residuals(random) : null;
            return new Call(sample, given, control, random.randn(shape));
        }
    }

    private static Conditioning withClasses(Conditioning given, UNet2DConditionConfig config, RandomStream random) {
        ClassEmbedType type = config.classEmbedType();
        if (config.numClassEmbeds() != null) {
            return given.with(Conditioning.CLASS_LABELS, Tensors.ofLongs(4, 1));
        }
        if (type == null) {
            return given;
        }
        if (type == ClassEmbedType.TIMESTEP) {
            return given.with(Conditioning.CLASS_LABELS, Tensors.ofDoubles(7, 2));
        }
        Integer features = config.projectionClassEmbeddingsInputDim();
        int first = config.blockOutChannels().get(0);
        return given.with(Conditioning.CLASS_LABELS, random.randn(2, features == null ? 4 * first : features));
    }

    private static Tensor timeIds(UNet2DConditionConfig config) {
        int sizes = (java.util.Objects.requireNonNull(config.projectionClassEmbeddingsInputDim()) - 6) / 4;
        return Tensors.of(new float[] {1024, 768, 0, 3, 512, 1000, 64, 64, 5, 0, 9, 2}, 2, 6)
                .narrow(1, 0, sizes);
    }

    private static ControlResiduals residuals(RandomStream random) {
        List<Tensor> drawn = new ArrayList<>();
        for (long[] shape : RESIDUALS) {
            drawn.add(random.randn(2, shape[0], shape[1], shape[1]));
        }
        return new ControlResiduals(drawn.subList(0, drawn.size() - 1), drawn.get(drawn.size() - 1));
    }
}
