// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;

/**
 * Loads a text-to-image folder, saves it and draws, for oracle/check_text_calls.py. Run as one source file: java -cp … JavaTextCalls.java
 * FOLDER OUT
 */
final class JavaTextCalls {
    private JavaTextCalls() {}

    public static void main(String[] arguments) {
        Path out = Path.of(arguments[1]);
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Path.of(arguments[0]));
                GenerationResult drawn = pipeline.generate(
                        GenerationRequest.of(r -> r.prompt("a red cat").negativePrompt("house").steps(4).seed(3)))) {
            pipeline.save(out);
            drawn.saveTensors(out.resolve("drawn.safetensors"));
        }
    }
}
