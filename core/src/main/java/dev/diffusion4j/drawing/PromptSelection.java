// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.text.PromptSyntax;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What pictures show in words. Lists beside the prompts are empty, or have one text for all prompts, or one for each.
 *
 * @param prompts some pictures of each, in this order: A A B B
 * @param negatives what they are guided away from
 * @param seconds what a second text encoder is given instead
 * @param secondNegatives the same for the negatives
 * @param clipSkip blocks at the end of text encoders that are left out
 * @param syntax what signs in prompts mean
 * @param loraDir the folder with the adapters that prompts ask for, or {@code null}
 */
public record PromptSelection(
        List<String> prompts,
        List<String> negatives,
        List<String> seconds,
        List<String> secondNegatives,
        int clipSkip,
        PromptSyntax syntax,
        @Nullable String loraDir) {
    /** No words. */
    public static final PromptSelection NONE = of();

    public PromptSelection {
        prompts = List.copyOf(prompts);
        negatives = List.copyOf(negatives);
        seconds = List.copyOf(seconds);
        secondNegatives = List.copyOf(secondNegatives);
        checkCount(negatives, "negativePrompt", prompts.size());
        checkCount(seconds, "prompt2", prompts.size());
        checkCount(secondNegatives, "negativePrompt2", prompts.size());
        Check.notNegative(clipSkip, "{clipSkip}");
        Check.that(clipSkip == 0 || !prompts.isEmpty(), "{clipSkip} is for a text: give {prompt} too");
        Check.that(loraDir == null || !prompts.isEmpty(), "{loraDir} is for adapters in a prompt: give {prompt} too");
    }

    private static void checkCount(List<String> texts, String field, int prompts) {
        Check.that(texts.isEmpty() || prompts > 0, "{" + field + "} stands beside a prompt: give {prompt} too");
        Check.that(
                texts.size() <= 1 || texts.size() == prompts,
                "{" + field + "} must be given once, or once for each of the " + prompts + " prompts, but was given "
                        + texts.size() + " times");
    }

    /** Prompts alone. */
    public static PromptSelection of(String... prompts) {
        return new PromptSelection(List.of(prompts), List.of(), List.of(), List.of(), 0, PromptSyntax.PLAIN, null);
    }

    /** Whether there are no words. */
    public boolean isEmpty() {
        return prompts.isEmpty();
    }

    private @Nullable List<String> perPrompt(List<String> texts) {
        if (texts.isEmpty()) {
            return null;
        }
        return texts.size() == 1 ? Collections.nCopies(prompts.size(), texts.get(0)) : texts;
    }

    /** {@code each} pictures of each prompt. */
    RequestDraft apply(RequestDraft request, int each) {
        Check.that(
                (long) each * prompts.size() <= Integer.MAX_VALUE,
                "{count} is " + each + " for each of " + prompts.size()
                        + " prompts: that is too many pictures for one call");
        return request.count(each * prompts.size())
                .prompts(repeated(prompts, each))
                .negativePrompts(repeated(perPrompt(negatives), each))
                .prompts2(repeated(perPrompt(seconds), each))
                .negativePrompts2(repeated(perPrompt(secondNegatives), each))
                .clipSkip(clipSkip)
                .promptSyntax(syntax)
                .loraDir(loraDir);
    }

    private static @Nullable List<String> repeated(@Nullable List<String> texts, int each) {
        return texts == null
                ? null
                : texts.stream()
                        .flatMap(text -> Collections.nCopies(each, text).stream())
                        .toList();
    }
}
