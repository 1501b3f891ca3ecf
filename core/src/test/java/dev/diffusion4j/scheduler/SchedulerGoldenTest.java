// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scheduler, config and step count of oracle/scheduler_cases.py, call by call. */
class SchedulerGoldenTest {
    private static final long[] SHAPE = {2, 3, 3, 2};

    /**
     * Where timesteps are not whole, they follow from σ, in the reference by f32 logarithms, which numpy rounds differently from one
     * processor to the next, and by differences in f32.
     */
    private static final double FRACTIONAL_TIMESTEPS = 3e-6;

    private static Golden golden;
    private static UNet2DModel tinyNet;

    @BeforeAll
    static void load() {
        golden = Golden.open("schedulers");
        tinyNet = (UNet2DModel)
                PipelineFolder.open(Golden.path("tiny-pipeline")).readModel(Devices.cpu(), Precision.F32, null);
    }

    @AfterAll
    static void close() {
        tinyNet.close();
        golden.close();
    }

    static Stream<Arguments> runs() {
        return cases("\\d+");
    }

    static Stream<Arguments> noised() {
        return cases("noised.*");
    }

    static Stream<Arguments> begun() {
        return cases("begun.*");
    }

    static Stream<Arguments> refused() {
        return cases("refused.*");
    }

    private static Stream<Arguments> cases(String ids) {
        try (Golden file = Golden.open("schedulers")) {
            return file.metadata().entrySet().stream()
                    .filter(entry -> entry.getKey().matches(ids))
                    .sorted(Map.Entry.comparingByKey())
                    .map(entry -> Arguments.of(entry.getKey(), entry.getValue()))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("runs")
    @SuppressWarnings("try") // the guard works by being open
    void equals_diffusers(String id, String json) {
        GoldenCase golden = GoldenCase.of(SchedulerGoldenTest.golden, id, json);
        int batch = golden.integer("batch", 2);
        long[] shape = golden.is("real") ? new long[] {batch, 1, 16, 16} : SHAPE;
        Trace trace = new Trace(golden.integer("calls", 0));
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    SchedulerRun run = golden.scheduler().start(golden.settings());
                    NoiseSource noise =
                            golden.is("shared") ? NoiseSource.shared(100) : NoiseSource.perImage(100, batch);
                    RandomStream outputs = new RandomStream(5)) {
                assertThat(run.timesteps()).hasSize(trace.sums.length);
                trace.initial[0] = (float) run.initNoiseSigma();
                Tensor sample = noise.randn(shape).mul(new Scalar(run.initNoiseSigma()));
                for (int i = 0; i < trace.sums.length; i++) {
                    trace.timesteps[i] = (float) run.timesteps()[i];
                    Tensor scaled = run.scaleModelInput(sample);
                    Tensor output = golden.is("real")
                            ? tinyNet.forward(scaled, Tensors.ofDoubles(run.timesteps()[i]), Conditioning.NONE)
                            : madeUp(golden, scaled, outputs, run.timesteps()[i]);
                    StepResult result = run.step(output, sample, noise);
                    sample = result.prevSample();
                    trace.sums[i] = sum(sample);
                    trace.originals[i] = sum(result.predOriginalSample());
                }
                trace.last = everyNth(golden.is("real") ? 8 : 1, Tensors.floats(sample));
            }
        });
        check(trace, golden);
    }

    private static void check(Trace trace, GoldenCase golden) {
        double tolerance = tolerance(golden);
        int calls = trace.sums.length;
        assertClose("init_noise_sigma", trace.initial, golden.next(1), 1e-6);
        float[] timesteps = golden.next(calls);
        if (IntStream.range(0, calls).allMatch(i -> timesteps[i] == Math.rint(timesteps[i]))) {
            assertThat(trace.timesteps).as("timesteps").isEqualTo(timesteps);
        } else {
            assertClose("timesteps", trace.timesteps, timesteps, FRACTIONAL_TIMESTEPS);
        }
        assertClose("sums of prev_sample", trace.sums, golden.next(calls), tolerance);
        if (golden.is("originals")) {
            assertClose("sums of pred_original_sample", trace.originals, golden.next(calls), tolerance);
        }
        assertClose("last sample", trace.last, golden.rest(), tolerance);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("noised")
    void adds_noise_as_diffusers(String id, String json) {
        GoldenCase golden = GoldenCase.of(SchedulerGoldenTest.golden, id, json);
        Scheduler scheduler = golden.scheduler();
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(9)) {
                Tensor original = random.randn(SHAPE);
                Tensor noise = random.randn(SHAPE);
                double[] index = golden.list("index");
                double[] timesteps = {scheduler.trainTimestep((int) index[0]), scheduler.trainTimestep((int) index[1])};
                assertClose("timesteps", Tensors.floats(Tensors.ofDoubles(timesteps)), golden.next(2), 1e-6);
                float[] noisy = Tensors.floats(scheduler.addNoise(original, noise, timesteps));
                assertClose("add_noise", noisy, golden.next(noisy.length), 1e-5);
                if (golden.is("velocity")) {
                    float[] velocity = Tensors.floats(scheduler.velocity(original, noise, timesteps));
                    assertClose("get_velocity", velocity, golden.next(velocity.length), 1e-5);
                }
            }
        });
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("begun")
    @SuppressWarnings("try") // the guard works by being open
    void begins_with_a_noised_picture_and_keeps_a_part_of_it_as_diffusers(String id, String json) {
        GoldenCase golden = GoldenCase.of(SchedulerGoldenTest.golden, id, json);
        int calls = golden.integer("calls", 0);
        float[] timesteps = new float[calls];
        float[] sums = new float[calls];
        List<Float> kept = new ArrayList<>();
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    SchedulerRun run = golden.scheduler().start(golden.settings());
                    NoiseSource fresh = NoiseSource.perImage(100, 2);
                    RandomStream inputs = new RandomStream(9);
                    RandomStream outputs = new RandomStream(5)) {
                int first = run.stepIndex();
                assertThat(run.timesteps().length - first).isEqualTo(calls);
                Tensor original = inputs.randn(SHAPE);
                Tensor noise = inputs.randn(SHAPE);
                Tensor sample = run.addNoise(original, noise);
                float[] began = Tensors.floats(sample);
                assertClose("noised where it begins", began, golden.next(began.length), 1e-5);
                for (int i = 0; i < calls; i++) {
                    double timestep = run.timesteps()[first + i];
                    timesteps[i] = (float) timestep;
                    Tensor output = madeUp(golden, run.scaleModelInput(sample), outputs, timestep);
                    sample = run.step(output, sample, fresh).prevSample();
                    sums[i] = sum(sample);
                    if ((i + 1) % golden.integer("order", 1) == 0 || i + 1 == calls) {
                        kept.add(sum(run.addNoise(original, noise)));
                    }
                }
                assertClose("timesteps", timesteps, golden.next(calls), FRACTIONAL_TIMESTEPS);
                assertClose("sums of prev_sample", sums, golden.next(calls), tolerance(golden));
                float[] expected = golden.next(golden.integer("kept", 0));
                assertThat(kept).hasSameSizeAs(expected);
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) kept.get(i)).as("kept %d", i).isCloseTo(expected[i], withPercentage(0.01));
                }
                assertClose("last sample", Tensors.floats(sample), golden.rest(), tolerance(golden));
            }
        });
    }

    private static double tolerance(GoldenCase golden) {
        return golden.className().equals("LMSDiscreteScheduler") ? 1e-3 : 1e-4; // diffusers integrates numerically
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("refused")
    void refuses_what_diffusers_refuses(String id, String json) {
        GoldenCase golden = GoldenCase.of(SchedulerGoldenTest.golden, id, json);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> golden.scheduler().start(golden.settings()))
                .withMessageNotContaining("\n")
                .satisfies(error -> assertThat(error.getMessage().length()).isBetween(20, 250));
    }

    private static Tensor madeUp(GoldenCase golden, Tensor scaled, RandomStream outputs, double level) {
        boolean score = golden.className().equals("ScoreSdeVeScheduler");
        Tensor input = score ? scaled.div(new Scalar(level)) : scaled;
        Tensor output = outputs.randn(SHAPE).mul(new Scalar(0.5)).add(input.mul(new Scalar(0.1)));
        if (score) {
            return output.div(new Scalar(level));
        }
        if (!String.valueOf(golden.config().get("variance_type")).startsWith("learned")) {
            return output;
        }
        Tensor variance = outputs.rand(SHAPE).mul(new Scalar(0.3)).add(new Scalar(0.01));
        return torch.cat(new TensorVector(output, variance), 1);
    }

    private static float[] everyNth(int n, float[] values) {
        float[] thinned = new float[(values.length + n - 1) / n];
        for (int i = 0; i < thinned.length; i++) {
            thinned[i] = values[i * n];
        }
        return thinned;
    }

    private static float sum(Tensor tensor) {
        return (float) tensor.to(torch.ScalarType.Double).sum().item_double();
    }

    /** What a run of ours did. */
    private static final class Trace {
        final float[] initial = new float[1];
        final float[] timesteps;
        final float[] sums;
        final float[] originals;
        float[] last = {};

        Trace(int calls) {
            timesteps = new float[calls];
            sums = new float[calls];
            originals = new float[calls];
        }
    }
}
