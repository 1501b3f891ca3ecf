// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Java's side of {@code check_word.py}: what is drawn with the LoRA of a run and the word that learnt with it. */
public final class JavaWord {
    private JavaWord() {}

    public static void main(String[] args) {
        LoadOptions options = LoadOptions.DEFAULT.withLoras(List.of(new LoraChoice(Path.of(args[1]), 1)));
        GenerationRequest request =
                GenerationRequest.of(r -> r.prompt(args[2]).seed(5).steps(3).guidanceScale(4));
        try (DiffusionPipeline own = DiffusionPipeline.load(Path.of(args[0]), options);
                DiffusionPipeline pipeline = own.withScheduler(SchedulerKind.DDIM);
                GenerationResult result = pipeline.generate(request)) {
            own.lorasApplied().forEach(applied -> System.out.println(applied.text()));
            Safetensors.write(Path.of(args[3]), Map.of("samples", result.samples()), Map.of());
        }
    }
}
