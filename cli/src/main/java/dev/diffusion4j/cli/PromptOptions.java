// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.drawing.PromptLines;
import dev.diffusion4j.drawing.PromptSelection;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What to draw in words. */
final class PromptOptions {
    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description =
                    "What to draw, for a model that was trained on captions; --count pictures of it. May be given again: all "
                            + "of the first prompt come first.")
    List<String> prompts = new ArrayList<>();

    @Option(
            names = "--negative-prompt",
            paramLabel = "TEXT",
            description = "What to guide away from; once for all prompts, or once for each.")
    List<String> negatives = new ArrayList<>();

    @Option(
            names = "--prompt-2",
            paramLabel = "TEXT",
            description = "What the second text encoder of Stable Diffusion XL is given in place of --prompt.")
    List<String> seconds = new ArrayList<>();

    @Option(names = "--negative-prompt-2", paramLabel = "TEXT", description = "The same for --negative-prompt.")
    List<String> secondNegatives = new ArrayList<>();

    @Option(
            names = "--clip-skip",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Leave out the last N blocks of the text encoders, counted as diffusers does; default: ${DEFAULT-VALUE}.")
    int clipSkip;

    @Option(
            names = "--prompt-syntax",
            paramLabel = "NAME",
            defaultValue = "plain",
            completionCandidates = Choices.PromptSyntaxes.class,
            description =
                    "What (word:1.2), [word] and BREAK mean: plain (nothing, as in diffusers), a1111 or comfy; default: "
                            + "${DEFAULT-VALUE}.")
    String syntax = "plain";

    @Option(
            names = "--lora-dir",
            paramLabel = "DIR",
            description =
                    "Where the adapters are that prompts of the syntax a1111 or comfy ask for in <lora:NAME:SCALE>: files' names without "
                            + "suffix, in DIR and below it. Each picture is drawn with those of its own prompt.")
    @Nullable
    String loraDir;

    @Option(
            names = "--prompts-file",
            paramLabel = "FILE",
            description =
                    "Prompts in a file, or '-' for the standard input: one a line, in place of --prompt. A line may be JSON, with the keys "
                            + "prompt, negative_prompt, prompt_2 and negative_prompt_2. Lines that begin with # are left out.")
    @Nullable
    Path promptsFile;

    /** What the file holds, once it was read: a pipe can be read a single time, and several models draw the same prompts. */
    private @Nullable PromptLines lines;

    /** Whether no words were given. */
    boolean isEmpty() {
        return prompts.isEmpty() && promptsFile == null;
    }

    PromptSelection selection() {
        PromptSyntax read = Keyed.fromKey(PromptSyntax.class, syntax, "{promptSyntax}");
        if (promptsFile == null) {
            return new PromptSelection(prompts, negatives, seconds, secondNegatives, clipSkip, read, loraDir);
        }
        Check.that(
                prompts.isEmpty(),
                "{prompt} and {promptsFile} both say what to draw: give one of them, or write all into the file");
        PromptLines all = lines(promptsFile);
        return new PromptSelection(
                all.prompts(),
                all.negatives(negatives),
                all.seconds(seconds),
                all.secondNegatives(secondNegatives),
                clipSkip,
                read,
                loraDir);
    }

    private PromptLines lines(Path file) {
        PromptLines known = lines;
        if (known == null) {
            known = file.toString().equals("-") ? PromptLines.of(System.in, "standard input") : PromptLines.of(file);
            lines = known;
        }
        return known;
    }
}
