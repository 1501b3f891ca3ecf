// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.tensor.NativeMemory;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The training loop, for every objective: batches to gradients, gradients to updates, updates to the average, a checkpoint on the
 * rhythm. Memory does not grow with time. The same seed, choices and data give the same weights to the last bit, also when the
 * run is stopped and resumed.
 */
public final class Trainer implements AutoCloseable {
    private static final long TRIAL_NANOS = 2_000_000_000L;
    private static final int MOST_TRIALS = 12;

    private final Objective objective;
    private final BatchLoader loader;
    private final TrainerConfig config;
    private final UpdatePlan plan;
    private final Checkpoints checkpoints;
    private final Choices choices;
    private final StepEngine engine;
    private final TrainState state;
    private final GradientSum gradients;
    private final GradientExchange exchange;
    private final Device device;

    /** How a run ended. */
    public enum Outcome {
        /** All steps are done. */
        FINISHED,
        /** It was asked to stop; the last checkpoint is where it stopped. */
        STOPPED
    }

    /**
     * @param objective with networks of which what learns is f32; borrowed
     * @param loader at the batch that follows the state; borrowed
     */
    public Trainer(
            Objective objective, BatchLoader loader, TrainerConfig config, Choices choices, Checkpoints checkpoints) {
        this(objective, loader, config, choices, checkpoints, GradientExchange.NONE);
    }

    /**
     * As one of several processes.
     *
     * @param exchange with the others; borrowed
     */
    public Trainer(
            Objective objective,
            BatchLoader loader,
            TrainerConfig config,
            Choices choices,
            Checkpoints checkpoints,
            GradientExchange exchange) {
        if (exchange.world().size() > 1 && !objective.isSeparable()) {
            throw Problem.request("this training compares the examples of a batch with each other, which "
                    + exchange.world().size() + " processes would each do with a part of it: train in one process");
        }
        this.exchange = exchange;
        this.objective = objective;
        this.loader = loader;
        this.config = config;
        this.plan = config.plan(loader.batchesPerEpoch());
        this.choices = choices;
        this.checkpoints = checkpoints;
        this.device = choices.placement().torchDevice();
        objective.networks().values().forEach(network -> {
            if (!device.is_cpu()) {
                network.convert(device, ScalarType.Float);
            }
            network.channelsLast(choices.channelsLast());
        });
        this.engine = new StepEngine(choices, config.checkpointActivations());
        this.state = new TrainState(TrainedPart.of(objective.networks(), config), config, choices);
        this.gradients = new GradientSum(state.trained().parameters().values());
    }

    /** What changes; borrowed. */
    public TrainState state() {
        return state;
    }

    /** How many numbers learn. */
    public long trainedParameters() {
        return state.trained().parameters().values().stream()
                .mapToLong(Tensor::numel)
                .sum();
    }

    /** Updates of the whole run. */
    public long totalSteps() {
        return plan.totalSteps(state.globalStep(), state.batchesDone());
    }

    /**
     * Learns until all steps are done, or {@code stop} or the listener says so; a checkpoint is written then too.
     *
     * @throws Problem (a failure) where the loss is no longer a number, with the step, the reason as far as it can be found, and what to try
     */
    public Outcome run(TrainingListener listener, BooleanSupplier stop) {
        long total = totalSteps();
        NativeMemory.giveBack();
        long first = state.globalStep();
        while (state.globalStep() < total) {
            if (stop.getAsBoolean()) {
                save(listener);
                return Outcome.STOPPED;
            }
            StepReport report = step(total);
            boolean stopped = false;
            try {
                if (Long.bitCount(report.globalStep() - first)
                        == 1) { // often at first, while loops are being compiled, then ever less
                    NativeMemory.giveBack();
                }
                listener.onStep(report, state);
            } catch (CancellationException e) {
                stopped = true;
            }
            if (report.endsEpoch()) {
                state.endEpoch();
            }
            if (stopped || isCheckpointDue(report) || report.globalStep() == total) {
                save(listener);
            }
            if (stopped) {
                return Outcome.STOPPED;
            }
        }
        return Outcome.FINISHED;
    }

    private void save(TrainingListener listener) {
        listener.beforeCheckpoint();
        if (exchange.world().isFirst()) {
            checkpoints.save(state, choices);
        }
    }

    /**
     * Tries a step's forward and backward pass on made-up data, which changes nothing, at least twice and for up to two seconds,
     * since the JVM becomes faster at what it has done before; the shortest, in seconds.
     */
    public double secondsPerStep() {
        return TensorScope.compute(() -> {
            Map<Tensor, Tensor> before = buffers();
            double seconds = trialSeconds();
            try (NoGradGuard guard = new NoGradGuard()) {
                before.forEach(Tensor::copy_);
            }
            return seconds;
        });
    }

    /** Copies of what a forward pass in training changes: a batch norm's running statistics. */
    private Map<Tensor, Tensor> buffers() {
        Map<Tensor, Tensor> copies = new IdentityHashMap<>();
        for (Model network : objective.networks().values()) {
            Map<String, Tensor> learnt = network.namedParameters();
            network.stateDict().forEach((name, tensor) -> {
                if (!learnt.containsKey(name)) {
                    copies.put(tensor, tensor.detach().clone());
                }
            });
        }
        return copies;
    }

    private double trialSeconds() {
        double best = Double.POSITIVE_INFINITY;
        long end = System.nanoTime() + TRIAL_NANOS;
        for (int i = 0; i < 2 || i < MOST_TRIALS && System.nanoTime() < end; i++) {
            long start = System.nanoTime();
            TensorScope.run(() -> {
                try (RandomStream random = new RandomStream(0);
                        RandomStream dropout = new RandomStream(1);
                        RandomStream other = new RandomStream(2)) {
                    engine.accumulate(objective.draw(blank(), random).to(device), 1, List.of(dropout, other));
                }
            });
            state.optimizer().clearGradients();
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        return best * plan.batchesPerStep();
    }

    private TrainingExamples blank() {
        long[] shape = loader.batchShape();
        Tensor labels = Tensors.ofLongs(new long[(int) shape[0]]);
        return new TrainingExamples(
                Tensors.of(new float[(int) Shapes.count(shape)], shape),
                labels,
                java.util.Collections.nCopies((int) shape[0], null),
                0);
    }

    private boolean isCheckpointDue(StepReport report) {
        Integer every = config.checkpointEverySteps();
        return every == null ? report.endsEpoch() : report.globalStep() % every == 0;
    }

    private StepReport step(long total) {
        long start = System.nanoTime();
        int epoch = plan.epochAfter(state.batchesDone());
        double rate = rate(total, epoch);
        int batches = plan.batchesOfNextStep(state.batchesDone());
        StepLosses losses = StepLosses.ZERO;
        int examples = 0;
        for (int i = 0; i < batches; i++) {
            Batch batch = loader.next();
            StepLosses batchLosses = accumulate(batch, rate);
            state.addLosses(batchLosses);
            losses = losses.plus(batchLosses.times(1.0 / batches));
            examples += batch.size();
            if (config.gradientAccumulationSteps() > 1) {
                gradients.take();
            }
        }
        gradients.give();
        exchange.average(state.trained().parameters());
        double norm = update(rate);
        state.advance(batches);
        return new StepReport(
                state.globalStep(),
                total,
                epoch,
                plan.endsEpoch(state.batchesDone()),
                losses.loss(),
                rate,
                norm,
                state.epochMeanLoss(),
                examples,
                objective.scalars(epoch),
                (System.nanoTime() - start) / 1e9,
                losses.tracked(),
                state.epochMeanTracked());
    }

    private double rate(long total, int epoch) {
        double base = config.optimizer().learningRate();
        return base * config.learningRateSchedule().factor(state.globalStep(), total, epoch, base);
    }

    /** @throws Problem (a failure) where the loss is no number */
    private StepLosses accumulate(Batch batch, double rate) {
        return TensorScope.compute(() -> {
            TrainingExamples examples = new TrainingExamples(
                    batch.images(), batch.labelTensor(), batch.captions(), batch.exchanged(), batch.epoch());
            Objective.Task task = objective.draw(examples, state.random()).to(device);
            StepLosses losses = engine.accumulate(task, 1.0 / config.gradientAccumulationSteps(), state.dropout());
            if (!Double.isFinite(losses.loss())) {
                throw new NotFinite(state, config, choices).ofLoss(losses.loss(), rate, task);
            }
            return losses;
        });
    }

    /** The gradients' norm before the cut; NaN where it is not cut. */
    private double update(double rate) {
        double norm = Double.NaN;
        double divisor = 1;
        if (config.clipGradNorm() != null) {
            norm = GradientClipping.norm(state.trained().parameters().values());
            if (!Double.isFinite(norm)) {
                throw new NotFinite(state, config, choices).ofGradient(norm, rate);
            }
            divisor = GradientClipping.divisor(norm, config.clipGradNorm());
        }
        state.optimizer().step(rate, divisor);
        state.optimizer().clearGradients();
        objective.afterUpdate();
        Ema ema = state.ema();
        if (ema != null) {
            ema.update();
        }
        return norm;
    }

    @Override
    public void close() {
        engine.close();
        gradients.close();
        state.close();
    }
}
