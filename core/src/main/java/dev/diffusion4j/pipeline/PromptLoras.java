// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.SubjectGroup;
import dev.diffusion4j.text.LoraTag;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of the adapters that the prompts of a request ask for.
 *
 * @param shelf where they are; {@code null} where none is asked for
 */
record PromptLoras(GenerationRequest request, @Nullable LoraShelf shelf) {

    /** Whether a request's prompts ask for any; no file is looked for. */
    static boolean areAskedFor(GenerationRequest request) {
        SubjectGroup subject = request.subject();
        return subject.promptSyntax() != PromptSyntax.PLAIN
                && IntStream.range(0, subject.size())
                        .anyMatch(picture -> !subject.loras(picture).isEmpty());
    }

    /** @throws Problem where one is asked for where it cannot be, or is not there */
    static PromptLoras of(GenerationRequest request) {
        SubjectGroup subject = request.subject();
        if (subject.promptSyntax() == PromptSyntax.PLAIN) {
            return new PromptLoras(request, null);
        }
        checkNone(subject.negativePrompts(), "negativePrompt", subject);
        checkNone(subject.prompts2(), "prompt2", subject);
        checkNone(subject.negativePrompts2(), "negativePrompt2", subject);
        String folder = subject.loraDir();
        LoraTag first = IntStream.range(0, subject.size())
                .mapToObj(subject::loras)
                .flatMap(List::stream)
                .findFirst()
                .orElse(null);
        if (first != null && folder == null) {
            throw Problem.request("{prompt} asks for the adapter '" + first.name()
                    + "': name the folder that holds it with {loraDir}, or give its file with {loras}");
        }
        if (request.noise() == NoiseMode.SHARED && request.batches() > 1) {
            throw Problem.request("{noise} shared draws all pictures together, so that their prompts cannot ask for"
                    + " different adapters: draw them in several calls, or with {noise} per-image");
        }
        try {
            PromptLoras loras =
                    new PromptLoras(request, first == null || folder == null ? null : LoraShelf.of(Path.of(folder)));
            loras.places();
            return loras;
        } catch (Problem e) {
            throw e.about("loras");
        }
    }

    /** An adapter changes all that one picture is drawn with, whatever prompt names it. */
    private static void checkNone(@Nullable List<String> prompts, String field, SubjectGroup subject) {
        for (String prompt : Set.copyOf(prompts == null ? List.of() : prompts)) {
            List<LoraTag> tags = subject.promptSyntax().parse(prompt, field).loras();
            if (!tags.isEmpty()) {
                throw Problem.request(
                        "{" + field + "} asks for the adapter '" + tags.get(0).name()
                                + "', but an adapter counts for the whole picture: write it into {prompt}");
            }
        }
    }

    /** Those of one picture, in their order. */
    List<LoraChoice> of(int picture) {
        LoraShelf from = shelf;
        return from == null
                ? List.of()
                : request.subject().loras(picture).stream()
                        .map(tag -> new LoraChoice(from.find(tag.name()), tag.unetScale(), tag.textScale()))
                        .toList();
    }

    /** All files or folders, each once. */
    Set<Path> places() {
        Set<Path> places = new LinkedHashSet<>();
        if (shelf != null) {
            Stream<String> names = IntStream.range(0, request.count())
                    .mapToObj(request.subject()::loras)
                    .flatMap(List::stream)
                    .map(LoraTag::name)
                    .distinct();
            names.forEach(name -> places.add(shelf.find(name)));
        }
        return places;
    }
}
