// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.LoraConversion;
import dev.diffusion4j.adapter.LoraLayout;
import dev.diffusion4j.adapter.PipelineLora;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Java's side of {@code check_pipeline_lora.py}: LoRAs of a Stable Diffusion as training writes them, and what is drawn with them. */
public final class JavaPipelineLora {
    private static final LoraConfig CONFIG = LoraConfig.DEFAULT.withRank(3, 5);

    private JavaPipelineLora() {}

    public static void main(String[] args) {
        Path base = Path.of(args[0]);
        Path folder = Path.of(args[1]);
        try (NoGradGuard guard = new NoGradGuard()) {
            TensorScope.run(() -> {
                PipelineFolder pipeline = PipelineFolder.open(base);
                Model unet = injected(pipeline, "unet", List.of(
                        "to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "conv1", "conv_shortcut", "proj_in"));
                Model text = injected(pipeline, "text_encoder", List.of("q_proj", "out_proj", "fc1"));
                PipelineLora.write(folder.resolve("unet"), Map.of(LoraComponent.UNET, unet), CONFIG);
                PipelineLora.write(
                        folder.resolve("both"), Map.of(LoraComponent.UNET, unet, LoraComponent.TEXT_ENCODER, text), CONFIG);
                new LoraConversion(folder.resolve("both"), folder.resolve("kohya.safetensors"), LoraLayout.KOHYA).run();
                Map<String, Tensor> drawn = new TreeMap<>();
                drawn.put("plain", draw(base, List.of()));
                for (String name : List.of("unet", "both", "kohya.safetensors")) {
                    drawn.put(name, draw(base, List.of(new LoraChoice(folder.resolve(name), 1))));
                }
                Safetensors.write(folder.resolve("drawn.safetensors"), drawn, Map.of());
            });
        }
    }

    private static Model injected(PipelineFolder pipeline, String part, List<String> targets) {
        Model network = pipeline.network(part).read(Devices.cpu(), Precision.F32, null);
        try (RandomStream random = new RandomStream(part.length())) {
            System.out.println(Lora.inject(network, CONFIG.withTargets(targets), random).size() + " layers of the " + part);
            Lora.weights(network).values().forEach(tensor -> random.normal(tensor, 0, 0.2));
        }
        return network;
    }

    private static Tensor draw(Path base, List<LoraChoice> loras) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.prompt("a photo of a red cat").seed(5).steps(3).guidanceScale(4));
        try (DiffusionPipeline own = DiffusionPipeline.load(base, LoadOptions.DEFAULT.withLoras(loras));
                DiffusionPipeline pipeline = own.withScheduler(SchedulerKind.DDIM);
                GenerationResult result = pipeline.generate(request)) {
            own.lorasApplied().forEach(applied -> System.out.println(applied.text()));
            return result.samples().clone();
        }
    }
}
