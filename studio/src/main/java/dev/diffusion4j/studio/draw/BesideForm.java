// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.pipeline.request.Canvas;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a picture was drawn with and the page has no field for, by the names of a request; what is as usual is left out. */
final class BesideForm {
    /** The settings of a scheduler that are not the model's. */
    static final String SCHEDULER = "scheduler_config";

    private BesideForm() {}

    /**
     * Of a request.
     *
     * @param config of its scheduler
     * @param usual what that scheduler has for this model; only what differs from it counts
     * @return {@code null} where there is nothing
     */
    static @Nullable Map<String, @Nullable Object> of(
            GenerationRequest request, int clipSkip, Map<String, ?> config, Map<String, ?> usual) {
        Map<String, @Nullable Object> beside = new LinkedHashMap<>();
        Object rng = Records.toMap(request.canvas()).get("rng");
        if (!Objects.equals(rng, Records.toMap(Canvas.DEFAULT).get("rng"))) {
            beside.put("rng", rng);
        }
        if (clipSkip > 0) {
            beside.put("clip_skip", (long) clipSkip);
        }
        if (request.eta() > 0) {
            beside.put("eta", request.eta());
        }
        Map<String, @Nullable Object> other = new LinkedHashMap<>();
        config.forEach((key, value) -> {
            boolean isUsual =
                    !usual.containsKey(key) || Json.compact(usual.get(key)).equals(Json.compact(value));
            if (!isUsual) {
                other.put(key, value);
            }
        });
        if (!other.isEmpty()) {
            beside.put(SCHEDULER, other);
        }
        return beside.isEmpty() ? null : beside;
    }
}
