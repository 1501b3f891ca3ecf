// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.zeros_like;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.guidance.LossGuidance.Gradient;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Pushes a sample down losses of x̂₀ before each step; the step then uses the same output of the network. Losses look at one picture
 * each, so that the exact gradient is taken picture by picture where pictures are big: its memory is that of one.
 */
final class Steering {
    /** Values of a sample through which one backward pass goes: four pictures of 64×64. */
    private static final long PIXELS_AT_ONCE = 4 * 64 * 64;

    private static final long MOST_REPEATS = 1024;

    private final List<LossGuidance> guidances;
    private final Scheduler scheduler;
    private final SampleCodec codec;
    private final Denoiser denoiser;

    Steering(List<LossGuidance> guidances, Scheduler scheduler, SampleCodec codec, Denoiser denoiser) {
        this.codec = codec;
        this.guidances = guidances;
        this.scheduler = scheduler;
        this.denoiser = denoiser;
    }

    /**
     * What the step goes on with.
     *
     * @param output of the network
     * @param sample pushed
     * @param losses before the push
     */
    record Steered(Tensor output, Tensor sample, List<LossValue> losses) {
        List<Tensor> tensors() {
            return List.of(output, sample);
        }
    }

    /** Calls the network and pushes the sample; tensors are owned by the current scope. */
    Steered predict(SchedulerRun run, Tensor sample, NetworkCall atTimestep) {
        NetworkCall call = atTimestep.withTimestep(scheduler.networkTime(atTimestep.timestep()));
        List<LossGuidance> active = guidances.stream()
                .filter(guidance -> guidance.isActive(call.progress()))
                .toList();
        if (active.isEmpty()) {
            return new Steered(denoiser.predict(run.scaleModelInput(sample), call), sample, List.of());
        }
        return TensorScope.keepAll(() -> steer(new Step(run, call, active, sample)), Steered::tensors);
    }

    /** One call of the network, with the guidances that act in it. */
    private record Step(SchedulerRun run, NetworkCall call, List<LossGuidance> active, Tensor sample) {
        long batch() {
            return sample.size(0);
        }

        boolean isExact() {
            return active.stream().anyMatch(guidance -> guidance.gradient() == Gradient.EXACT);
        }
    }

    private Steered steer(Step step) {
        long batch = step.batch();
        long pixels = step.sample.size(2) * step.sample.size(3);
        long atOnce = step.isExact() ? Math.max(1, PIXELS_AT_ONCE / pixels) : batch;
        double[] losses = new double[step.active.size()];
        TensorVector outputs = new TensorVector();
        TensorVector samples = new TensorVector();
        for (long first = 0; first < batch; first += atOnce) {
            int start = (int) first;
            Tensor part = step.sample.narrow(0, first, Math.min(atOnce, batch - first));
            Steered steered = TensorScope.keepAll(() -> steerPart(step, part, start, losses), Steered::tensors);
            outputs.push_back(steered.output);
            samples.push_back(steered.sample);
        }
        List<LossValue> values = new ArrayList<>();
        for (int i = 0; i < losses.length; i++) {
            LossGuidance guidance = step.active.get(i);
            values.add(new LossValue(guidance.name(), losses[i] / batch, guidance.scale()));
        }
        return new Steered(cat(outputs, 0), cat(samples, 0), values);
    }

    /** @param losses to which each guidance's sum over the pictures of this part is added */
    private Steered steerPart(Step step, Tensor part, int first, double[] losses) {
        SchedulerRun run = step.run;
        NetworkCall call = step.call.from(first);
        Tensor x = part.detach();
        x.set_requires_grad(true);
        Tensor output;
        Tensor exact = null;
        Tensor cheap;
        if (step.isExact()) {
            try (AutoGradMode on = new AutoGradMode(true)) {
                Tensor connected = denoiser.predict(run.scaleModelInput(x), call);
                exact = run.clip(run.predOriginalSample(connected, x));
                output = connected.detach();
            }
        } else {
            output = denoiser.predict(run.scaleModelInput(part), call);
        }
        try (AutoGradMode on = new AutoGradMode(true)) {
            cheap = run.clip(run.predOriginalSample(output, x));
        }
        Tensor push = zeros_like(part);
        for (int i = 0; i < losses.length; i++) {
            LossGuidance guidance = step.active.get(i);
            Tensor original = guidance.gradient() == Gradient.EXACT && exact != null ? exact : cheap;
            Tensor slope = slope(guidance, original.detach(), call.index(), losses, i);
            // in a scheduler's own units of the sample, so that a scale does the same with all of them
            double weight = run.sampleVariance()
                    * guidance.scale()
                    * guidance.schedule().factor(alphaBar(guidance, run, call))
                    * guidance.strength().factor(step.batch(), part.size(2), part.size(3));
            Tensor own = clipped(guidance, backward(original, slope, x).mul(new Scalar(weight)));
            push.sub_(own);
        }
        return new Steered(output, part.add(push), List.of());
    }

    private double alphaBar(LossGuidance guidance, SchedulerRun run, NetworkCall call) {
        if (!guidance.schedule().isByIndex()) {
            return run.signalShare();
        }
        double rate = scheduler.signalRate(scheduler.trainTimestep(call.index()));
        return rate * rate;
    }

    /** ∂(sum of the pictures' losses)/∂x̂₀, the mean of all repeats. */
    private Tensor slope(LossGuidance guidance, Tensor original, int index, double[] losses, int place) {
        Tensor sum = zeros_like(original);
        for (int repeat = 0; repeat < guidance.repeats(); repeat++) {
            long draw = index * MOST_REPEATS + repeat; // the same for all parts of a batch, and for all batches
            losses[place] += TensorScope.compute(() -> {
                Tensor leaf = original.detach();
                leaf.set_requires_grad(true);
                Tensor total;
                try (AutoGradMode on = new AutoGradMode(true);
                        RandomStream random = new RandomStream(draw)) {
                    Tensor pictures = codec.pictures(leaf).to(Devices.cpu(), ScalarType.Float); // where losses are
                    total = perImage(guidance, pictures, random).sum();
                }
                total._backward(new TensorVector(leaf), new TensorOptional(), new BoolOptional(), false);
                sum.add_(leaf.grad());
                return total.item_double() / guidance.repeats();
            });
        }
        return sum.div_(new Scalar((double) guidance.repeats()));
    }

    /** What the loss says of each picture, after a look at whether it kept its contract: it may be an application's lambda. */
    private static Tensor perImage(LossGuidance guidance, Tensor pictures, RandomStream random) {
        Tensor loss = guidance.loss().perImage(pictures, random);
        String rule = "the guidance '" + guidance.name() + "' must give one loss a picture, a tensor of shape ("
                + pictures.size(0) + "), but ";
        Check.that(loss != null, rule + "gave null");
        Check.that(loss.dim() == 1 && loss.size(0) == pictures.size(0), rule + "gave the shape " + Shapes.text(loss));
        Check.that(
                loss.requires_grad(),
                rule + "gave a constant: it must be computed from the pictures by tensor operations");
        return loss;
    }

    /** ∂x̂₀/∂x applied to a gradient; the graph is kept for the next guidance. */
    private static Tensor backward(Tensor original, Tensor slope, Tensor x) {
        x.mutable_grad().put(new Tensor());
        original._backward(new TensorVector(x), new TensorOptional(slope), new BoolOptional(true), false);
        return x.grad();
    }

    private static Tensor clipped(LossGuidance guidance, Tensor push) {
        Double most = guidance.clipGradient();
        return most == null
                ? push
                : push.clamp(new ScalarOptional(new Scalar(-most)), new ScalarOptional(new Scalar(most)));
    }
}
