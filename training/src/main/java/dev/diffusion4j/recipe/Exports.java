// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.LearningWord;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.trainer.Ema;
import dev.diffusion4j.trainer.EmaConfig;
import dev.diffusion4j.trainer.StepReport;
import dev.diffusion4j.trainer.TrainState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Saves what a run has learnt as pipeline folders, or as LoRA folders. */
final class Exports {
    private final Recipe recipe;
    private final ExportConfig config;
    private final RunFolder folder;
    private final Model model;
    private final @Nullable TrainedPipeline trained;
    private final @Nullable MeasuredScale scale;
    private final RunListener listener;

    /**
     * @param model borrowed
     * @param trained the same as a pipeline, borrowed; {@code null} for a network that draws nothing
     * @param scale of an autoencoder's latents; {@code null} where it stays as it is
     */
    Exports(
            Recipe recipe,
            RunFolder folder,
            Model model,
            @Nullable TrainedPipeline trained,
            @Nullable MeasuredScale scale,
            RunListener listener) {
        this.scale = scale;
        this.recipe = recipe;
        this.config = recipe.export();
        this.folder = folder;
        this.model = model;
        this.trained = trained;
        this.listener = listener;
    }

    /**
     * The folder to save to as an absolute path; {@code null} for none.
     *
     * @throws Problem (a wrong request) where there is a model already that the run would replace
     */
    static @Nullable String located(ExportConfig config, RunFolder run) {
        String named = config.folder();
        if (named == null) {
            return null;
        }
        Path path = Path.of(named).toAbsolutePath().normalize();
        boolean own = path.equals(run.path().toAbsolutePath().normalize());
        if (!own && !run.isBegun() && Files.exists(path.resolve("model_index.json"))) {
            throw Problem.request(
                    path + " already holds a model, which this run would replace: choose another folder to save to");
        }
        return path.toString();
    }

    /** After an update; on the rhythm. */
    void afterStep(StepReport report, TrainState state) {
        boolean last = report.globalStep() == report.totalSteps();
        if (config.isDue(report.globalStep(), report.endsEpoch(), report.epoch())
                && !(last && config.folder() != null && !config.stepInName())) { // the end writes it
            Path target = onTheWay(report.globalStep());
            write(target, state);
            listener.onSaved(target);
        }
    }

    private Path onTheWay(long step) {
        String named = config.folder();
        if (named == null) {
            return folder.model(step);
        }
        return Path.of(config.stepInName() ? named + "step_" + step : named);
    }

    /** The run's own last: once it is there, the run is finished. */
    void atEnd(TrainState state) {
        if (config.folder() != null) {
            write(Path.of(config.folder()), state);
        }
        EmaConfig averaging = recipe.training().ema();
        if (recipe.lora() == null && averaging != null && averaging.saveLive()) {
            write(folder.liveModel());
        }
        write(recipe.lora() == null ? folder.model() : folder.lora(), state);
    }

    /** The averaged weights where there are any. */
    void write(Path target, TrainState state) {
        Ema ema = state.ema();
        if (ema == null) {
            write(target);
        } else {
            ema.whileApplied(() -> write(target));
        }
    }

    private void write(Path target) {
        // before what says that the run is finished
        writeWord(target);
        new RunCard(recipe, model, folder).write(target, RunCard.read(target));
        LoraConfig lora = recipe.lora();
        if (lora == null) {
            save(target);
        } else {
            Map<String, Model> beside =
                    trained == null ? Map.of() : trained.parts().staying();
            LoraTraining.write(target, model, beside, recipe, lora);
        }
    }

    private void writeWord(Path target) {
        LearningWord word =
                trained == null ? null : DreamBooth.learningWord(trained.parts().conditioner());
        if (word != null) {
            word.write(target.resolve(LoraPlace.WORD));
        }
    }

    private void save(Path target) {
        if (model instanceof ClipModel clip) {
            ClipTokens.save(target, clip, folder);
            return;
        }
        if (trained == null) {
            PipelineFolder.writeNetwork(target, model, () -> {
                if (scale != null) {
                    scale.writeInto(target);
                }
            });
            return;
        }
        trained.save(target);
    }
}
