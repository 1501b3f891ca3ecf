// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Parts of a Stable Diffusion's call: a guided step of the denoiser, the text encoder, the decoder, one step with its picture. */
final class StableCase {
    private static final String PROMPT = "a photo of a red cat on a hill";

    private final Path folder;
    private final int side;
    private final Precision precision;
    private final Rounds rounds;

    private StableCase(Path folder, int side, Precision precision, Rounds rounds) {
        this.folder = folder;
        this.side = side;
        this.precision = precision;
        this.rounds = rounds;
    }

    /** Arguments: {@code step|text|decode|fast}, side of the picture, {@code f32|bf16}. */
    static void run(Path folder, List<String> arguments, Rounds rounds) {
        Precision precision = Precision.valueOf(arguments.get(2).toUpperCase(Locale.ROOT));
        StableCase own = new StableCase(folder, Integer.parseInt(arguments.get(1)), precision, rounds);
        switch (arguments.get(0)) {
            case "step" -> own.step();
            case "text" -> own.text();
            case "decode" -> own.decode();
            case "fast" -> own.fast();
            default -> throw new IllegalArgumentException("no such part: " + arguments.get(0));
        }
    }

    private void measure(DoubleSupplier round) {
        var unused = round.getAsDouble(); // gets warm
        rounds.ready(precision.key(), precision.key());
        while (rounds.next()) {
            rounds.done(round.getAsDouble(), Map.of());
        }
    }

    private DiffusionPipeline load() {
        return DiffusionPipeline.load(folder, LoadOptions.DEFAULT.withPrecision(precision));
    }

    /** Between the ends of two steps: both branches of the guidance and the scheduler's part. */
    private void step() {
        GenerationRequest request = GenerationRequest.of(
                r -> r.prompt(PROMPT).size(SampleSize.square(side)).steps(2));
        try (DiffusionPipeline loaded = load()) {
            DiffusionPipeline pipeline = loaded.withScheduler(SchedulerKind.EULER); // one call of the network a step
            measure(() -> {
                double[] ends = new double[2];
                StepListener clock = event -> ends[Math.min(1, event.stepIndex())] = System.nanoTime() / 1e9;
                pipeline.generate(request, clock, new Cancellation()).close();
                return ends[1] - ends[0];
            });
        }
    }

    /** A prompt and what it is guided away from. */
    private void text() {
        try (Model model = PipelineFolder.open(folder).network("text_encoder").read(Devices.cpu(), precision, null)) {
            model.freeze();
            ClipTextModel encoder = (ClipTextModel) model;
            Tensor ids = TensorScope.ownResult(() -> torch.full(new long[] {2, 77}, new Scalar(320)));
            measure(() -> timed(() -> encoder.forward(ids).last()));
        }
    }

    private void decode() {
        try (DiffusionPipeline pipeline = load();
                RandomStream noise = NoiseSource.shared(0)) {
            SampleCodec codec = pipeline.codec();
            Tensor latents = TensorScope.ownResult(() -> noise.randn(1, 4, side / 8, side / 8));
            measure(() -> timed(() -> codec.decode(latents)));
        }
    }

    /** From the prompt to the picture, as networks of few steps are used: without guidance. */
    private void fast() {
        GenerationRequest request = GenerationRequest.of(
                r -> r.prompt(PROMPT).size(SampleSize.square(side)).steps(1).guidanceScale(1));
        try (DiffusionPipeline pipeline = load()) {
            measure(() -> {
                long start = System.nanoTime();
                try (GenerationResult result = pipeline.generate(request)) {
                    result.images();
                }
                return (System.nanoTime() - start) / 1e9;
            });
        }
    }

    private static double timed(Supplier<Tensor> body) {
        long start = System.nanoTime();
        try (NoGradGuard guard = new NoGradGuard()) {
            TensorScope.compute(() -> body.get().dim());
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
