// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.DrawingPlan;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Draws pictures from a model folder, or one picture again from its own notes. */
@Command(
        name = "sample",
        description = "Draw pictures with a trained model, or draw one picture again.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse sample --model runs/quickstart/model --class all --grid --out pictures",
            "  diffuse sample --from pictures/0005.png --out again"
        },
        mixinStandardHelpOptions = true)
final class SampleCommand implements Callable<Integer> {
    /** How long a stop waits at most; a pipe without a reader would be waited for without end. */
    private static final Duration LONGEST_STEP = Duration.ofSeconds(30);

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "The model: a folder with model_index.json, saved by diffuse train or by diffusers, that of a run, or one file of a "
                            + "Stable Diffusion.")
    @Nullable
    Path model;

    @Option(
            names = "--from",
            paramLabel = "IMAGE.png",
            description =
                    "Draw this picture again, from the note that sample wrote into it, or from the text of A1111's webui and "
                            + "programs like it; with --model where the model has moved.")
    @Nullable
    Path from;

    @Mixin
    FileOptions files = new FileOptions();

    @Option(names = "--json", description = "Print what was drawn as one JSON object.")
    boolean json;

    @Mixin
    SampleOutputs outputs = new SampleOutputs();

    @Mixin
    CanvasOptions canvas = new CanvasOptions();

    @Mixin
    StartOptions start = new StartOptions();

    @Mixin
    GuideOptions guidance = new GuideOptions();

    @Mixin
    SweepOptions sweep = new SweepOptions();

    @Mixin
    DrawOptions pictures = new DrawOptions();

    @Mixin
    SchedulerChoice scheduler = new SchedulerChoice();

    @Override
    public Integer call() {
        StopSignal stop = new StopSignal(spec.commandLine().getErr(), "the last step", LONGEST_STEP);
        try (stop;
                DrawingJob job = open()) {
            LoraOptions.report(job.lorasApplied(), spec.commandLine().getErr());
            SampleRun run = new SampleRun(job, outputs, json, spec, stop);
            return sweep.sweep().isEmpty() ? run.draw(from != null) : run.sweep(sweep.sweep());
        }
    }

    private DrawingJob open() {
        try (HubLine hub = new HubLine()) {
            return open(hub);
        }
    }

    private DrawingJob open(HubLine hub) {
        if (from == null && model == null) {
            throw Problem.request("give either --model DIR or --from IMAGE.png");
        }
        if (from != null) {
            return new PictureAgain(this).open(from, model, hub, this::warn);
        }
        outputs.check(pictures.each(1), !sweep.sweep().isEmpty());
        return DrawingJob.open(plan(java.util.Objects.requireNonNull(model)), hub, this::warn);
    }

    private DrawingPlan plan(Path place) {
        guidance.checkClip(guidance.guides, false);
        return new DrawingPlan(
                place,
                files.apply(pictures.loadOptions(null))
                        .withKeeping(files.keeping(sweep.sweep().size())),
                scheduler.selection(),
                guidance.guides,
                guidance.clip(null),
                pictures.subject(1, !sweep.sweep().isEmpty()),
                pictures.asked(1).with(r -> files.apply(start.apply(canvas.apply(guidance.apply(r, sweep.sweep()))))
                        .seed(scheduler.seed)));
    }

    private void warn(String line) {
        spec.commandLine().getErr().println("diffuse: " + new FlagNames(spec).word(line));
    }
}
