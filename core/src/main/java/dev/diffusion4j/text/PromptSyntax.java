// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import java.util.List;
import java.util.function.Predicate;

/** What signs in a prompt mean. The tools that know weights give them different meanings, so that each has a syntax of its own. */
public enum PromptSyntax implements Keyed {
    /** Nothing: words, as many as the text encoder reads, as in diffusers. */
    PLAIN("plain") {
        @Override
        ParsedPrompt read(String prompt, String field) {
            return new ParsedPrompt(List.of(new WeightedText(prompt, 1)), List.of());
        }
    },
    /**
     * As in A1111's stable-diffusion-webui: {@code (word)} times 1.1, {@code (word:1.2)} times 1.2, {@code [word]} by 1.1, also within each
     * other; a backslash before a bracket takes its meaning. {@code BREAK} begins a new chunk, {@code <lora:name:1>} asks for an adapter.
     */
    A1111("a1111") {
        @Override
        ParsedPrompt read(String prompt, String field) {
            PromptTags tags = PromptTags.of(prompt, field);
            return new ParsedPrompt(new A1111Parser(tags.rest(), field).parse(), tags.loras());
        }
    },
    /**
     * As in ComfyUI: {@code (word)} times 1.1, while {@code (word:1.2)} is 1.2 whatever stands around it; square brackets are letters. {@code BREAK}
     * and {@code <lora:name:1>}, which ComfyUI reads as words, are what they are in {@link #A1111}.
     */
    COMFY("comfy") {
        @Override
        ParsedPrompt read(String prompt, String field) {
            PromptTags tags = PromptTags.of(prompt, field);
            return new ParsedPrompt(ComfyParser.parse(tags.rest()), tags.loras());
        }
    };

    /** What is larger leaves the range of half precision. */
    private static final double MOST = 1000;

    private final String key;

    PromptSyntax(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /**
     * Reads a prompt.
     *
     * @param field what it is called in messages
     * @throws Problem (a wrong request) naming what has a meaning in this syntax that is not supported
     */
    public ParsedPrompt parse(String prompt, String field) {
        ParsedPrompt parsed = read(prompt, field);
        parsed.texts().forEach(text -> checkSize(text.weight(), "'" + text.text() + "'", field));
        parsed.loras().forEach(lora -> {
            checkSize(lora.textScale(), "the adapter '" + lora.name() + "'", field);
            checkSize(lora.unetScale(), "the adapter '" + lora.name() + "'", field);
        });
        return parsed;
    }

    /**
     * A prompt without the tags that ask for some adapters, for whoever has them drawn with in another way.
     *
     * @param names of those whose tags are left out
     * @throws Problem (a wrong request) where the prompt cannot be read
     */
    public String without(String prompt, Predicate<String> names) {
        return this == PLAIN ? prompt : PromptTags.without(prompt, names);
    }

    private static void checkSize(double weight, String what, String field) {
        if (!(Math.abs(weight) <= MOST)) {
            throw Problem.request("{" + field + "} gives " + what + " the weight " + weight + ", but at most " + MOST
                    + " is possible");
        }
    }

    abstract ParsedPrompt read(String prompt, String field);
}
