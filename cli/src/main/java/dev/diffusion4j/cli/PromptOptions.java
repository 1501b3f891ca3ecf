// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.io.PrintWriter;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is to be drawn, in words. */
final class PromptOptions {
    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "What to draw, for a model that was trained on captions; --count pictures of it.")
    @Nullable
    String prompt;

    /** Says so on {@code err} where the prompt is longer than the network reads. */
    GenerationRequest apply(GenerationRequest request, DiffusionPipeline pipeline, int count, PrintWriter err) {
        String text = prompt;
        if (text == null) {
            return request;
        }
        Check.that(request.classes() == null, "--prompt and --class say the same: give one of them");
        pipeline.prompts()
                .filter(words -> words.beyond(text) > 0)
                .ifPresent(words -> err.println("diffuse: the prompt has " + (words.maxTokens() + words.beyond(text))
                        + " words; this network reads the first " + words.maxTokens()));
        return request.with(r -> r.prompts(Collections.nCopies(count, text)));
    }
}
