// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.text.LoraTag;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
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

    /**
     * What the prompts of a request ask for.
     *
     * @param prompts without the tags of adapters that the extension knows, which the engine would not find
     * @param loras these adapters
     */
    record Asked(@Nullable List<String> prompts, List<LoraChoice> loras) {
        /** The adapters that a request names, and then those of its prompts. */
        List<LoraChoice> after(List<LoraChoice> named) {
            return Stream.concat(named.stream(), loras.stream()).toList();
        }
    }

    /**
     * @throws Refusal (422) where prompts name an adapter that is nowhere, in words that say nothing of the folder; or where they ask for different
     *     ones of the extension, since those count for all pictures of a request
     */
    Asked asked(PromptSyntax syntax, @Nullable List<String> prompts) {
        if (syntax == PromptSyntax.PLAIN || prompts == null) {
            return new Asked(prompts, List.of());
        }
        Set<List<LoraChoice>> own = new LinkedHashSet<>();
        Set.copyOf(prompts).forEach(prompt -> own.add(ofExtension(syntax, prompt)));
        if (own.size() > 1) {
            throw new Refusal(
                    422,
                    "the prompts of one request must all ask for the same adapters here: draw them in several requests",
                    "lora_not_usable",
                    "prompt");
        }
        List<LoraChoice> loras = own.stream().findFirst().orElse(List.of());
        if (loras.isEmpty()) {
            return new Asked(prompts, loras);
        }
        return new Asked(
                prompts.stream()
                        .map(prompt -> syntax.without(
                                prompt, name -> extension.lora(name).isPresent()))
                        .toList(),
                loras);
    }

    /** Those that a prompt asks for and the extension knows; the others must be in the folder. */
    private List<LoraChoice> ofExtension(PromptSyntax syntax, String prompt) {
        List<LoraChoice> found = new ArrayList<>();
        for (LoraTag tag : syntax.parse(prompt, "prompt").loras()) {
            Optional<Path> known = extension.lora(tag.name());
            if (known.isPresent()) {
                found.add(new LoraChoice(known.get(), tag.unetScale(), tag.textScale()));
            } else {
                ofFolder(tag.name(), "prompt");
            }
        }
        return found;
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
