// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.QueryParam;
import org.jspecify.annotations.Nullable;

/** {@code ?prompt=a+red+cat&seed=7&steps=20}, or {@code class=3} for a network that knows classes; without a seed it is another picture each time. */
public class PictureQuery {
    @QueryParam("prompt")
    public @Nullable String prompt;

    @QueryParam("class")
    public @Nullable Integer label;

    @QueryParam("seed")
    public @Nullable Long seed;

    @QueryParam("steps")
    @DefaultValue("20")
    public int steps;

    GenerationRequest request() {
        return GenerationRequest.of(r -> {
            r.steps(steps).anySeed();
            if (prompt != null) {
                r.prompt(prompt);
            }
            if (label != null) {
                r.classes(label);
            }
            if (seed != null) {
                r.seed(seed);
            }
        });
    }
}
