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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The adapters that requests may name: those of one folder, by their names alone. It is looked through for each request that names some. */
final class Adapters {
    private static final int MOST = 20;
    private static final String NOT_FOUND = "lora_not_found";

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
     * Of {@code loras}: {@code ["name", "name:0.8", "name:te=0.5:unet=0.8", {"name": "name", "scale": 0.8}]}, or {@code {"name": 0.8}}.
     *
     * @throws Refusal where there is none of a name, or it is another form
     */
    List<LoraChoice> read(Fields fields) {
        List<LoraChoice> named = new ArrayList<>();
        fields.nested("loras").forEach(value -> add(value, named));
        if (named.size() > MOST) {
            throw Refusal.limit("loras", "{loras} must be at most " + MOST + ", but were " + named.size());
        }
        return named.stream()
                .map(each -> each.at(find(each.path().toString().replace('\\', '/'))))
                .toList();
    }

    /** @param named gets them with their names as paths */
    private static void add(Object value, List<LoraChoice> named) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, scale) -> named.add(choice(name, scale)));
        } else if (value instanceof List<?> list) {
            list.forEach(each -> named.add(one(each)));
        } else {
            throw wrong(value);
        }
    }

    private static LoraChoice one(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Object name = map.get("name");
            Object scale = map.containsKey("scale") ? map.get("scale") : map.get("multiplier");
            return choice(name, scale == null ? (Object) 1.0 : scale);
        }
        if (!(value instanceof String text)) {
            throw wrong(value);
        }
        try {
            return LoraChoice.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrong(value);
        }
    }

    private static LoraChoice choice(@Nullable Object name, @Nullable Object scale) {
        if (!(name instanceof String text) || !(scale instanceof Number number)) {
            throw wrong(name);
        }
        try {
            return new LoraChoice(Path.of(text), number.doubleValue());
        } catch (IllegalArgumentException e) {
            throw wrong(name);
        }
    }

    private Path find(String name) {
        return extension.lora(name).orElseGet(() -> ofFolder(name, "loras"));
    }

    private Path ofFolder(String name, String param) {
        if (folder == null) {
            throw new Refusal(422, "this server has no adapters: omit '" + name + "'", NOT_FOUND, param);
        }
        try {
            return LoraShelf.of(folder).find(name);
        } catch (Problem e) { // which names the folder
            throw new Refusal(422, "there is no adapter '" + name + "', or there are several", NOT_FOUND, param);
        }
    }

    /** @throws Refusal (422) where prompts name one that is not in the folder, in words that say nothing of it */
    void check(PromptSyntax syntax, @Nullable List<String> prompts) {
        if (syntax == PromptSyntax.PLAIN || prompts == null) {
            return;
        }
        for (String prompt : Set.copyOf(prompts)) {
            syntax.parse(prompt, "prompt").loras().forEach(tag -> checkPrompt(tag.name()));
        }
    }

    private void checkPrompt(String name) {
        try {
            ofFolder(name, "prompt");
        } catch (Refusal e) {
            if (extension.lora(name).isEmpty()) {
                throw e;
            }
            throw new Refusal(
                    422,
                    "no prompt can ask for the adapter '" + name + "' here: name it in {loras}",
                    NOT_FOUND,
                    "prompt");
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
