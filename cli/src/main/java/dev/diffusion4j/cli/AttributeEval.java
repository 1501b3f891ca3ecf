// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.evaluation.AttributeEvaluation;
import dev.diffusion4j.evaluation.AttributeJudges;
import dev.diffusion4j.evaluation.AttributeReport;
import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.metric.FigureFile;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code diffuse eval --attributes}: whether pictures show what their captions say. */
final class AttributeEval {
    private static final int COUNT = 500;
    private static final List<String> ALWAYS = List.of("--model", "--attributes", "--out", "--json");
    private static final List<String> DRAWING = List.of("draw", "scheduler", "guidance");
    private static final List<String> NOT_DRAWN =
            List.of("--class", "--prompt", "--prompts-file", "--prompt-2", "--negative-prompt-2");
    private static final List<String> ENCODED = List.of("--count", "--seed");

    private final EvalCommand command;

    AttributeEval(EvalCommand command) {
        this.command = command;
    }

    void run(Path folder) {
        if (command.model == null) {
            throw Problem.request("--attributes judges what a model draws: give --model DIR");
        }
        Set<String> used = new HashSet<>(ALWAYS);
        command.spec.mixins().forEach((group, options) -> {
            if (DRAWING.contains(group)) {
                used.addAll(EvalCommand.names(options));
            }
        });
        NOT_DRAWN.forEach(used::remove);
        UnusedOptions.refuse(
                command.spec, used, "--attributes has captions and judges of its own", "omit --attributes");
        Path file = command.out != null ? command.out : command.usualFile("attributes.jsonl");
        AtomicFile.checkFolder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        Path model = DrawOptions.folder(command.model, null);
        String name = ModelFolders.nameOf(command.model);
        try (AttributeEvaluation evaluation = new AttributeEvaluation(
                AttributeJudges.open(folder), command.draw.each(COUNT), command.scheduler.seed)) {
            report(
                    AttributeEvaluation.isAutoencoder(model) ? encoded(model, name, evaluation) : drawn(evaluation),
                    file);
        }
    }

    private AttributeReport encoded(Path model, String name, AttributeEvaluation evaluation) {
        Set<String> used = new HashSet<>(ALWAYS);
        used.addAll(ENCODED);
        UnusedOptions.refuse(
                command.spec, used, "an autoencoder encodes and decodes real pictures", "give a model that draws");
        return evaluation.reconstructions(model, name, () -> false);
    }

    private AttributeReport drawn(AttributeEvaluation evaluation) {
        Path folder = Objects.requireNonNull(command.model);
        try (GuideKit kit = command.guidance.kit(null, command::warn);
                DiffusionPipeline loaded =
                        command.draw.load(folder, command.spec.commandLine().getErr())) {
            GenerationRequest asked = evaluation
                    .request(command.draw.asked(COUNT))
                    .with(command.guidance::apply)
                    .with(r -> r.clipSkip(command.draw.words.clipSkip));
            GenerationRequest request = asked.with(r -> r.negativePrompts(negatives(asked.count())));
            Chosen chosen = command.scheduler.of(loaded.steeredBy(kit.parseAll(command.guidance.guides)), request);
            evaluation.check(chosen.pipeline(), chosen.request());
            chosen.pipeline().notices(chosen.request()).forEach(command::warn);
            return evaluation.judge(EvalCommand.drawn(folder, chosen));
        }
    }

    /** What each caption's picture is guided away from, as given: once for all, or once for each; {@code null} for nothing in particular. */
    private @Nullable List<String> negatives(int captions) {
        List<String> given = command.draw.words.negatives;
        if (given.size() > 1 && given.size() != captions) {
            throw Problem.request("--negative-prompt must be given once, or once for each of the " + captions
                    + " captions, but was given " + given.size() + " times");
        }
        if (given.isEmpty()) {
            return null;
        }
        return given.size() == 1 ? Collections.nCopies(captions, given.get(0)) : given;
    }

    private void report(AttributeReport report, Path file) {
        String line = Json.compact(report.toMap());
        FigureFile.appendLine(file, line);
        PrintWriter to = command.spec.commandLine().getOut();
        if (command.json) {
            to.println(line);
        } else {
            to.print(report.text());
            to.println("added to        " + file);
        }
        to.flush();
    }
}
