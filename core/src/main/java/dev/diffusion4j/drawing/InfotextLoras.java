// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.text.LoraTag;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The adapters that a text's prompt asks for. A1111's webui reads {@code <lora:NAME:SCALE>} whatever brackets mean to it; here a prompt of plain
 * words cannot ask for any, so that they are added to the weights then.
 *
 * @param given those that are given beside the text; they count in place of the tags of their names
 * @param folder with the others, or {@code null}
 */
record InfotextLoras(Infotext text, List<LoraChoice> given, @Nullable String folder) {
    /** A tag, and the white space before it. */
    static final Pattern TAG = Pattern.compile("\\s*(<(?:lora|lyco):([^>:]+)[^>]*>)");

    /** Whether brackets are letters. */
    static boolean isPlain(Infotext text) {
        return "None".equals(text.get("Emphasis"));
    }

    private boolean isGiven(MatchResult tag) {
        String name = tag.group(2).strip();
        String last = name.substring(name.lastIndexOf('/') + 1);
        return given.stream().map(LoraChoice::path).map(InfotextNames::ofLora).anyMatch(last::equals);
    }

    private List<String> asked() {
        return TAG.matcher(text.prompt())
                .results()
                .filter(tag -> !isGiven(tag))
                .map(tag -> tag.group(1))
                .toList();
    }

    /** The tags that nothing is there for. */
    List<String> missing() {
        return folder == null ? asked() : List.of();
    }

    /** The folder that the prompt's tags ask for, or {@code null} where the prompt has none any more. */
    @Nullable
    String folderOfPrompt() {
        return isPlain(text) ? null : folder;
    }

    /** The prompt with those tags that are looked for in {@link #folderOfPrompt}. */
    String prompt() {
        boolean none = folderOfPrompt() == null;
        return TAG.matcher(text.prompt())
                .replaceAll(tag -> none || isGiven(tag) ? "" : Matcher.quoteReplacement(tag.group()));
    }

    /** The negative prompt, in which tags have no meaning. */
    String negativePrompt() {
        return TAG.matcher(text.negativePrompt()).replaceAll("");
    }

    /**
     * What is added to the weights.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where one is not in the folder
     */
    List<LoraChoice> added() {
        List<LoraChoice> all = new ArrayList<>(given);
        if (folder == null || !isPlain(text) || asked().isEmpty()) {
            return all;
        }
        LoraShelf shelf = LoraShelf.of(Path.of(folder));
        for (LoraTag tag :
                PromptSyntax.A1111.parse(String.join("", asked()), "prompt").loras()) {
            all.add(new LoraChoice(shelf.find(tag.name()), tag.unetScale(), tag.textScale()));
        }
        return all;
    }
}
