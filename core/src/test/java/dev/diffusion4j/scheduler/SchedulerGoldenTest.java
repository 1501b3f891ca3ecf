// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.pipeline.PipelineFolder;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scheduler, config and step count of oracle/golden_schedulers.py, call by call. */
class SchedulerGoldenTest {
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

    static Stream<Arguments> cases() {
        try (Golden file = Golden.open("schedulers")) {
            return file.metadata().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .map(entry -> Arguments.of(entry.getKey(), entry.getValue()))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void equals_diffusers(String id, String json) {
        Map<String, @Nullable Object> spec = Json.parseObject(json, id);
        String className = (String) Objects.requireNonNull(spec.get("cls"));
        Scheduler scheduler =
                SchedulerKind.ofClass(className, id).create(Json.object(Objects.requireNonNull(spec.get("config"))));
        double tolerance = className.equals("LMSDiscreteScheduler") ? 1e-3 : 1e-4; // diffusers integrates LMS numerically
        boolean real = "real".equals(spec.get("mode"));
        int batch = ((Long) Objects.requireNonNull(spec.get("batch"))).intValue();
        long[] shape = real ? new long[] {batch, 1, 16, 16} : new long[] {2, 3, 4, 4};
        int steps = ((Long) Objects.requireNonNull(spec.get("steps"))).intValue();
        double eta = ((Number) Objects.requireNonNull(spec.get("eta"))).doubleValue();
        boolean shared = Boolean.TRUE.equals(spec.get("shared"));
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(steps).withEta(eta));
                    NoiseSource noise = shared ? NoiseSource.shared(100) : NoiseSource.perImage(100, (int) shape[0]);
                    RandomStream outputs = new RandomStream(5)) {
                double[] timesteps = run.timesteps();
                assertThat(Tensors.floats(Tensors.ofDoubles(timesteps)))
                        .as("timesteps")
                        .isEqualTo(golden.floats(id + ".timesteps"));
                assertClose("init_noise_sigma", new float[] {(float) run.initNoiseSigma()}, golden.floats(id + ".init"), 1e-5);
                Tensor sample = noise.randn(shape).mul(new Scalar(run.initNoiseSigma()));
                float[] sums = new float[timesteps.length];
                float[] originals = new float[timesteps.length];
                boolean learned = json.contains("\"learned");
                for (int i = 0; i < timesteps.length; i++) {
                    Tensor scaled = run.scaleModelInput(sample);
                    Tensor output = real
                            ? tinyNet.forward(scaled, Tensors.ofDoubles(timesteps[i]), Conditioning.NONE)
                            : madeUp(scaled, outputs, shape, learned);
                    StepResult result = run.step(output, sample, noise);
                    sample = result.prevSample();
                    sums[i] = sum(sample);
                    originals[i] = sum(result.predOriginalSample());
                }
                assertClose("sums of prev_sample", sums, golden.floats(id + ".sums"), tolerance);
                if (golden.has(id + ".originals")) {
                    assertClose("sums of pred_original_sample", originals, golden.floats(id + ".originals"), tolerance);
                }
                assertClose("last sample", sample, golden.tensor(id + ".last"), tolerance);
            }
        });
    }

    private static Tensor madeUp(Tensor scaled, RandomStream outputs, long[] shape, boolean learned) {
        Tensor output = outputs.randn(shape).mul(new Scalar(0.5)).add(scaled.mul(new Scalar(0.1)));
        if (!learned) {
            return output;
        }
        Tensor variance = outputs.rand(shape).mul(new Scalar(0.3)).add(new Scalar(0.01));
        return torch.cat(new TensorVector(output, variance), 1);
    }

    private static float sum(Tensor tensor) {
        return (float) tensor.to(torch.ScalarType.Double).sum().item_double();
    }
}
