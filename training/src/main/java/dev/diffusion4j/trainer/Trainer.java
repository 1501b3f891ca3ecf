// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.loader.BatchShare;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

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
    private final ProcessGroup group;
    private final @Nullable GradientBuckets buckets;
    private final List<Tensor> statistics;
    private final Device device;
    private final FreeMemory memory;

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
        this(objective, loader, config, choices, checkpoints, ProcessGroup.ALONE);
    }

    /**
     * As one of several processes.
     *
     * @param loader of this process's part of each batch
     * @param group all of them, with the same weights; borrowed
     */
    public Trainer(
            Objective objective,
            BatchLoader loader,
            TrainerConfig config,
            Choices choices,
            Checkpoints checkpoints,
            ProcessGroup group) {
        if (group.isShared() && !objective.isSeparable()) {
            throw Problem.request("this training compares the examples of a batch with each other, which "
                    + group.world().size() + " processes would each do with a part of it: train in one process");
        }
        this.group = group;
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
        this.memory = new FreeMemory(group.world().size());
        this.engine = new StepEngine(choices, config.checkpointActivations());
        this.state = new TrainState(TrainedPart.of(objective.networks(), config), config, choices, group.world());
        this.gradients = new GradientSum(state.trained().parameters().values());
        this.buckets = group.isShared()
                ? new GradientBuckets(group, state.trained().parameters().values())
                : null;
        this.statistics = group.isShared() ? state.trained().statistics() : List.of();
    }

    /** What changes; borrowed. */
    public TrainState state() {
        return state;
    }

    /**
     * Before the first update: takes up a run where it was, and gives all processes what the first one has.
     *
     * @param checkpoint of the first process; {@code null} at the start of a run, and in the others
     * @param batches that it has taken, see {@link Checkpoints#restore}
     * @throws Problem (a failure) as {@link Checkpoints#restore}
     */
    public void begin(@Nullable Path checkpoint, long batches) {
        if (checkpoint != null) {
            Checkpoints.restore(checkpoint, state, batches);
        }
        SharedState.share(state, choices, group, checkpoint);
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
        memory.beforeSteps();
        while (state.globalStep() < total) {
            if (group.any(stop.getAsBoolean())) {
                save(listener);
                return Outcome.STOPPED;
            }
            StepReport report = step(total);
            boolean stopped = false;
            try {
                memory.afterStep(report.seconds());
                listener.onStep(report, state);
            } catch (CancellationException e) {
                stopped = true;
            }
            if (report.endsEpoch()) {
                state.endEpoch();
            }
            stopped = group.any(stopped);
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
        List<String> dropout = SharedState.dropout(state, group);
        if (group.world().isFirst()) {
            checkpoints.save(state, choices, dropout);
        }
    }

    /**
     * Tries a step's forward and backward pass on made-up data, which changes nothing, at least twice and for up to two seconds,
     * since the JVM becomes faster at what it has done before, but not more often than steps are left; the shortest, in seconds.
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
        long most = Math.min(MOST_TRIALS, totalSteps() - state.globalStep());
        for (int i = 0; i < 2 || i < most && System.nanoTime() < end; i++) {
            long start = System.nanoTime();
            TensorScope.run(() -> {
                try (RandomStream random = new RandomStream(0);
                        RandomStream dropout = new RandomStream(1);
                        RandomStream other = new RandomStream(2)) {
                    engine.accumulate(objective.draw(blank(), random).to(device), 1, List.of(dropout, other));
                }
            });
            state.optimizer().clearGradients();
            memory.afterPass();
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
        List<StepLosses> all = new ArrayList<>();
        int examples = 0;
        for (int i = 0; i < batches; i++) {
            Batch batch = loader.next();
            all.add(learn(batch, rate, i + 1 == batches));
            examples += batch.share().total();
        }
        StepLosses losses = StepLosses.ZERO;
        for (StepLosses batchLosses : exchanged(all)) {
            state.addLosses(batchLosses);
            losses = losses.plus(batchLosses.times(1.0 / batches));
        }
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
                scalars(epoch),
                (System.nanoTime() - start) / 1e9,
                losses.tracked(),
                state.epochMeanTracked());
    }

    /** What there is to log besides: the objective's, and what an update waited for other processes. */
    private Map<String, Double> scalars(int epoch) {
        Map<String, Double> own = objective.scalars(epoch);
        if (buckets == null) {
            return own;
        }
        Map<String, Double> all = new LinkedHashMap<>(own);
        all.put("exchange_seconds", buckets.waited());
        return all;
    }

    private StepLosses learn(Batch batch, double rate, boolean isLastOfUpdate) {
        GradientBuckets exchange = isLastOfUpdate ? buckets : null;
        if (exchange != null) {
            exchange.begin(gradients);
        }
        StepLosses losses = accumulate(batch, rate);
        if (exchange == null && config.gradientAccumulationSteps() > 1) {
            gradients.take();
        }
        return losses;
    }

    /** Makes the gradients those of all processes, and gives the losses of all, a batch each. */
    private List<StepLosses> exchanged(List<StepLosses> own) {
        if (buckets == null) {
            gradients.give();
            return own;
        }
        double[] numbers = own.stream().flatMapToDouble(StepLosses::numbers).toArray();
        double[] sums = buckets.finish(numbers);
        int each = sums.length / own.size();
        List<StepLosses> all = new ArrayList<>();
        for (int i = 0; i < own.size(); i++) {
            all.add(own.get(i).withNumbers(Arrays.copyOfRange(sums, i * each, (i + 1) * each)));
        }
        return all;
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
            BatchShare share = batch.share();
            RandomStream random = state.random().forSome(share.start(), share.count(), share.total());
            Objective.Task task = objective.draw(examples, random).to(device);
            double weight = share.weight();
            StepLosses losses = engine.accumulate(
                            task, weight / config.gradientAccumulationSteps(), state.dropout(), buckets)
                    .times(weight);
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
        statistics.forEach(group::broadcast);
        Ema ema = state.ema();
        if (ema != null) {
            ema.update();
        }
        return norm;
    }

    @Override
    public void close() {
        try (memory) {
            engine.close();
            gradients.close();
            if (buckets != null) {
                buckets.close();
            }
            state.close();
        }
    }
}
