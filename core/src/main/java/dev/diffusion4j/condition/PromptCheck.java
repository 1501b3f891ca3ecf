// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.text.ParsedPrompt;
import dev.diffusion4j.text.PromptSyntax;
import dev.diffusion4j.text.WeightedText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks whether prompts can be encoded as people mean them. */
record PromptCheck(List<TextEncoder> encoders, TextForm form, TextSettings settings) {
    /** Nobody writes more by hand; what is longer was meant as something else. */
    private static final int LONGEST = 100_000;

    private static final int MOST_CHUNKS = 50;

    void check(List<Subject> subjects, String field) {
        boolean negative = field.startsWith("negative");
        String prompt = negative ? "negativePrompt" : "prompt";
        for (Subject subject : subjects) {
            if (subject.classLabel() != null) {
                throw Problem.request("this network draws what words say, not classes: give {" + prompt
                        + "} in place of {" + field + "}");
            }
            if (subject.prompt() == null) {
                throw Problem.request("this network draws what words say: give {" + prompt + "}");
            }
            if (subject.prompt2() != null && encoders.size() == 1) {
                throw Problem.request("this network has one text encoder: omit {" + prompt + "2}");
            }
            checkText(subject.prompt(), prompt);
            checkText(subject.prompt2(), prompt + "2");
        }
        int most = encoders.stream()
                .mapToInt(encoder -> form.mostSkipped(encoder.config().numHiddenLayers()))
                .min()
                .orElse(0);
        if (settings.clipSkip() > most) {
            throw Problem.request(
                    "clipSkip", settings.clipSkip(), "be at most " + most + ", as many blocks as can be left out");
        }
    }

    private void checkText(@Nullable String text, String field) {
        if (text == null) {
            return;
        }
        checkLetters(text, field);
        ParsedPrompt parsed = settings.syntax().parse(text, field);
        int chunks = encoders.stream()
                .mapToInt(encoder -> encoder.chunks(parsed, settings.syntax()).size())
                .max()
                .orElse(0);
        if (chunks > MOST_CHUNKS) {
            throw Problem.request("{" + field + "} fills " + chunks + " chunks of "
                    + (encoders.get(0).length() - 2) + " tokens, but at most " + MOST_CHUNKS + " are taken");
        }
        for (WeightedText part : parsed.texts()) {
            if (settings.syntax() == PromptSyntax.COMFY && !part.isBreak()) {
                checkLearnt(part.text(), field);
            }
        }
    }

    private void checkLearnt(String text, String field) {
        for (String word : text.replace('\n', ' ').split(" ")) {
            String name = TextEncoder.learntWord(word);
            if (name != null && encoders.stream().noneMatch(encoder -> encoder.knowsLearnt(name))) {
                throw Problem.request("{" + field + "} names the learnt word '" + name
                        + "', but there is none: give its file with {embedding}");
            }
        }
    }

    private static void checkLetters(String text, String field) {
        if (text.length() > LONGEST) {
            throw Problem.request("{" + field + "} has " + text.length() + " letters, but at most " + LONGEST
                    + " are taken: is it a file's content?");
        }
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            if (Character.isHighSurrogate(letter)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(letter)) {
                throw Problem.request(String.format(
                        "{%s} is broken: letter %d is one half of a pair (U+%04X), and the other half is missing",
                        field, i + 1, (int) letter));
            }
        }
    }
}
