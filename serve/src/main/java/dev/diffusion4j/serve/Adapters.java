// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The adapters that requests may name: those of one folder, by their names alone. It is looked through for each request that names some. */
final class Adapters {
    private static final int MOST = 20;

    private final @Nullable Path folder;
    private final ServerExtension extension;

    /** @throws Problem where there is no such folder */
    Adapters(@Nullable Path folder, ServerExtension extension) {
        this.folder = folder;
        this.extension = extension;
        if (folder != null) {
            LoraShelf.of(folder);
        }
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
        return new LoraChoice(find(text, "loras"), number.doubleValue());
    }

    private Path find(String name, String param) {
        Optional<Path> known = extension.lora(name);
        if (known.isPresent()) {
            return known.get();
        }
        if (folder == null) {
            throw new Refusal(422, "this server has no adapters: omit '" + name + "'", "lora_not_found", param);
        }
        try {
            return LoraShelf.of(folder).find(name);
        } catch (Problem e) { // which names the folder
            throw new Refusal(422, "there is no adapter '" + name + "', or there are several", "lora_not_found", param);
        }
    }

    /** @throws Refusal (422) where prompts name one that is not there, in words that say nothing of the folder */
    void check(PromptSyntax syntax, @Nullable List<String> prompts) {
        if (syntax == PromptSyntax.PLAIN || prompts == null) {
            return;
        }
        for (String prompt : Set.copyOf(prompts)) {
            syntax.parse(prompt, "prompt").loras().forEach(tag -> find(tag.name(), "prompt"));
        }
    }

    private static Refusal wrong(@Nullable Object value) {
        return Refusal.value(
                "loras", "{loras} must be names with scales, [\"name:0.8\"], but held " + Json.describe(value));
    }

    /** Where prompts look for those that they name; {@code null} for nowhere. */
    @Nullable
    String folder() {
        return folder == null ? null : folder.toString();
    }

    /** What is answered in place of a problem with one, which names places. */
    static String noUse(Problem problem) {
        return problem.subject().map(name -> "the adapter '" + name + "'").orElse("an adapter that the request names")
                + " is not there, is no LoRA, or was made for another model";
    }

    /** Whether a problem is one with an adapter. */
    static boolean isAbout(Problem problem) {
        return problem.field().filter("loras"::equals).isPresent();
    }

    /** Their names. */
    List<String> names() {
        return folder == null ? List.of() : LoraShelf.of(folder).names();
    }
}
