// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.bytedeco.pytorch.global.torch.zeros_like;

import dev.diffusion4j.tensor.NativeOp;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Adam and AdamW: all parameters in one native call. Clipping by the gradients' norm is done in the same pass.
 *
 * <p>m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − lr·m̂/(√v̂ + ε), with bias correction; Kingma and Ba (2015), algorithm 1.
 */
public final class AdamOptimizer implements AutoCloseable {
    private static final NativeOp FUSED_ADAMW = NativeOp.find("aten::_fused_adamw_", "");
    private static final NativeOp FUSED_ADAM = NativeOp.find("aten::_fused_adam_", "");

    private final AdamConfig config;
    private final Map<String, Tensor> parameters;
    private final Map<ParameterGroup, List<String>> groups = new LinkedHashMap<>();
    private final Map<String, Tensor> firstMoments = new LinkedHashMap<>();
    private final Map<String, Tensor> secondMoments = new LinkedHashMap<>();
    private final Tensor steps;

    /** @param parameters by name, {@code float32}; borrowed */
    public AdamOptimizer(Map<String, Tensor> parameters, AdamConfig config) {
        this(parameters, config, Map.of());
    }

    /**
     * @param parameters by name, {@code float32}; borrowed
     * @param byNetwork what differs for the parameters of a network, whose names begin with its name and a dot; {@link
     *     ParameterGroup#DENOISER} for those of no named network
     */
    public AdamOptimizer(Map<String, Tensor> parameters, AdamConfig config, Map<String, ParameterGroup> byNetwork) {
        this.config = config;
        this.parameters = new LinkedHashMap<>(parameters);
        parameters.forEach((name, parameter) -> {
            groups.computeIfAbsent(groupOf(name, byNetwork), none -> new ArrayList<>())
                    .add(name);
            firstMoments.put(
                    name, TensorScope.ownResult(() -> zeros_like(parameter).detach()));
            secondMoments.put(
                    name, TensorScope.ownResult(() -> zeros_like(parameter).detach()));
        });
        steps = TensorScope.ownResult(() -> beside(parameters.values(), 0).view());
    }

    /** {@code float32 (1)} on the device of the parameters, which must be one: a card reads all that an update needs in its own memory. */
    private static Tensor beside(Collection<Tensor> parameters, double value) {
        Tensor made = Tensors.ofDoubles(value);
        return parameters.isEmpty()
                ? made
                : made.to(parameters.iterator().next().device(), ScalarType.Float);
    }

    private static ParameterGroup groupOf(String parameter, Map<String, ParameterGroup> byNetwork) {
        return byNetwork.entrySet().stream()
                .filter(group -> parameter.startsWith(group.getKey() + "."))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(byNetwork.getOrDefault(ParameterGroup.DENOISER, ParameterGroup.DEFAULT));
    }

    private double decay(ParameterGroup group) {
        Double own = group.weightDecay();
        return own == null ? config.weightDecay() : own;
    }

    /**
     * One update from the gradients that the parameters hold; parameters without a gradient stay.
     *
     * @param learningRate of this step; a group with a rate of its own learns with that in the same proportion
     * @param gradientDivisor each gradient is divided by it first
     */
    public void step(double learningRate, double gradientDivisor) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                steps.add_(new Scalar(1.0));
                groups.forEach((group, names) -> {
                    if (config.decayIndependentOfLr()) {
                        names.forEach(name ->
                                Objects.requireNonNull(parameters.get(name)).mul_(new Scalar(1 - decay(group))));
                    }
                    Double own = group.learningRate();
                    double rate = own == null ? learningRate : own * (learningRate / config.learningRate());
                    update(names, rate, decay(group), gradientDivisor);
                });
            }
        });
    }

    private void update(List<String> names, double learningRate, double decay, double gradientDivisor) {
        List<Tensor> weights = new ArrayList<>();
        List<Tensor> gradients = new ArrayList<>();
        List<Tensor> first = new ArrayList<>();
        List<Tensor> second = new ArrayList<>();
        List<Tensor> counts = new ArrayList<>();
        names.forEach(name -> {
            Tensor parameter = Objects.requireNonNull(parameters.get(name));
            Tensor gradient = parameter.grad();
            if (gradient.defined()) {
                weights.add(parameter);
                gradients.add(gradient);
                first.add(Objects.requireNonNull(firstMoments.get(name)));
                second.add(Objects.requireNonNull(secondMoments.get(name)));
                counts.add(steps);
            }
        });
        if (!weights.isEmpty()) {
            run(weights, gradients, first, second, counts, learningRate, decay, gradientDivisor);
        }
    }

    private void run(
            List<Tensor> weights,
            List<Tensor> gradients,
            List<Tensor> first,
            List<Tensor> second,
            List<Tensor> counts,
            double learningRate,
            double decay,
            double gradientDivisor) {
        IValue divisor = gradientDivisor == 1 ? NativeOp.none() : new IValue(beside(weights, gradientDivisor));
        NativeOp op = config.name() == AdamConfig.Variant.ADAMW ? FUSED_ADAMW : FUSED_ADAM;
        op.run(
                NativeOp.tensors(weights),
                NativeOp.tensors(gradients),
                NativeOp.tensors(first),
                NativeOp.tensors(second),
                NativeOp.tensors(List.of()),
                NativeOp.tensors(counts),
                new IValue(learningRate),
                new IValue(config.beta1()),
                new IValue(config.beta2()),
                new IValue(config.decayIndependentOfLr() ? 0.0 : decay),
                new IValue(config.epsilon()),
                new IValue(false),
                new IValue(false),
                divisor,
                NativeOp.none());
    }

    /** Lets go of all gradients. */
    public void clearGradients() {
        parameters
                .values()
                .forEach(parameter ->
                        TensorScope.run(() -> parameter.mutable_grad().reset()));
    }

    /** Settings. */
    public AdamConfig config() {
        return config;
    }

    /** Everything but the parameters that decides the next step, by name; borrowed. Fill it to restore. */
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("step", steps);
        firstMoments.forEach((name, tensor) -> state.put("exp_avg." + name, tensor));
        secondMoments.forEach((name, tensor) -> state.put("exp_avg_sq." + name, tensor));
        return state;
    }

    /** Moves the moments to where the parameters are, after these were moved or laid out anew. */
    public void follow() {
        parameters.forEach((name, parameter) -> {
            for (Map<String, Tensor> moments : List.of(firstMoments, secondMoments)) {
                Tensor moment = Objects.requireNonNull(moments.get(name));
                TensorScope.run(() -> {
                    Tensor moved = zeros_like(parameter).to(ScalarType.Float).detach();
                    moved.copy_(moment);
                    moment.set_data(moved);
                });
            }
        });
    }

    @Override
    public void close() {
        firstMoments.values().forEach(Tensor::close);
        secondMoments.values().forEach(Tensor::close);
        steps.close();
    }
}
