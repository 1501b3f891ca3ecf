// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.ServiceRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The adapters that requests may name: those of one folder, looked through once, by their names alone. */
final class Adapters {
    private static final int MOST = 20;

    private final @Nullable String folder;
    private final @Nullable LoraShelf shelf;

    /** @throws Problem where there is no such folder */
    Adapters(@Nullable Path folder) {
        this.folder = folder == null ? null : folder.toString();
        shelf = folder == null ? null : LoraShelf.of(folder);
    }

    /**
     * Of {@code ["name", "name:0.8", {"name": "name", "scale": 0.8}]}, or {@code {"name": 0.8}}.
     *
     * @throws Refusal where there is none of a name, or it is another form
     */
    List<LoraChoice> read(@Nullable Object value) {
        List<LoraChoice> choices = new ArrayList<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, scale) -> choices.add(choice(name, scale)));
        } else if (value instanceof List<?> list) {
            list.forEach(each -> choices.add(one(each)));
        } else if (value != null) {
            throw wrong(value);
        }
        if (choices.size() > MOST) {
            throw Refusal.limit("loras", "{loras} must be at most " + MOST + ", but were " + choices.size());
        }
        return choices;
    }

    private LoraChoice one(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Object name = map.get("name");
            Object scale = map.containsKey("scale") ? map.get("scale") : map.get("multiplier");
            return choice(name, scale == null ? (Object) 1.0 : scale);
        }
        if (!(value instanceof String text)) {
            throw wrong(value);
        }
        int colon = text.lastIndexOf(':');
        try {
            return colon < 0
                    ? choice(text, 1.0)
                    : choice(text.substring(0, colon), Double.valueOf(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw wrong(value);
        }
    }

    private LoraChoice choice(@Nullable Object name, @Nullable Object scale) {
        if (!(name instanceof String text) || !(scale instanceof Number number)) {
            throw wrong(name);
        }
        if (shelf == null) {
            throw new Refusal(422, "this server has no adapters: omit {loras}", "lora_not_found", "loras");
        }
        try {
            return new LoraChoice(shelf.find(text), number.doubleValue());
        } catch (Problem e) { // which names the folder
            throw new Refusal(
                    422, "there is no adapter '" + text + "', or there are several", "lora_not_found", "loras");
        }
    }

    private static Refusal wrong(@Nullable Object value) {
        return Refusal.value(
                "loras", "{loras} must be names with scales, [\"name:0.8\"], but held " + Json.describe(value));
    }

    /** Where prompts look for those that they name; {@code null} for nowhere. */
    @Nullable
    String folder() {
        return folder;
    }

    /**
     * Hands in a request whose prompts may name some.
     *
     * @throws Refusal (422) where there is none of a name, in words that say nothing of the folder
     */
    Job submit(DiffusionService service, ServiceRequest request, JobListener listener) {
        try {
            return service.submit(request, listener);
        } catch (Problem e) {
            if (folder == null || !String.valueOf(e.getMessage()).contains(folder)) {
                throw e;
            }
            throw new Refusal(
                    422,
                    "there is no adapter of a name in the prompt, or there are several",
                    "lora_not_found",
                    "prompt");
        }
    }

    /** Their names. */
    List<String> names() {
        return shelf == null ? List.of() : shelf.names();
    }
}
