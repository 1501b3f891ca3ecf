// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is left behind, and when: flags of {@code train_unconditional.py}. */
final class UnconditionalRhythm {
    @Option(
            names = {"--eval_batch_size", "--eval-batch-size"},
            paramLabel = "N",
            description = "Pictures of a preview; default 16.")
    @Nullable
    Integer evalBatchSize;

    @Option(
            names = {"--ddpm_num_inference_steps", "--ddpm-num-inference-steps"},
            paramLabel = "N",
            description = "Denoising steps of a preview; default 1000.")
    @Nullable
    Integer ddpmNumInferenceSteps;

    @Option(
            names = {"--save_images_epochs", "--save-images-epochs"},
            paramLabel = "N",
            description = "Epochs between two previews; default 10.")
    @Nullable
    Integer saveImagesEpochs;

    @Option(
            names = {"--save_model_epochs", "--save-model-epochs"},
            paramLabel = "N",
            description = "Epochs between two savings of the model; default 10.")
    @Nullable
    Integer saveModelEpochs;

    @Option(
            names = {"--checkpointing_steps", "--checkpointing-steps"},
            paramLabel = "N",
            description = "Updates between two checkpoints; default 500.")
    @Nullable
    Integer checkpointingSteps;

    @Option(
            names = {"--checkpoints_total_limit", "--checkpoints-total-limit"},
            paramLabel = "N",
            description = "How many checkpoints are kept; default 2.")
    @Nullable
    Integer checkpointsTotalLimit;

    @Option(
            names = "--logger",
            paramLabel = "NAME",
            description =
                    "tensorboard (default), whose event files are always written, or mlflow, which is sent to the server that"
                            + " MLFLOW_TRACKING_URI names as well. wandb is refused: tools/wandb_import.py sends a run's folder.")
    @Nullable
    String logger;

    @Option(
            names = {"--logging_dir", "--logging-dir"},
            paramLabel = "DIR",
            description = "Accepted: event files lie in the folder of the run.")
    @Nullable
    String loggingDir;

    /** @throws Problem (a wrong request) on services that this version does not reach */
    void addTo(Changes changes) {
        changes.set("trackers", trackers());
        changes.set("samples.count", evalBatchSize)
                .set("samples.steps", ddpmNumInferenceSteps)
                .set("samples.every_epochs", saveImagesEpochs)
                .set("export.every_epochs", saveModelEpochs)
                .set("training.checkpoint_every_steps", checkpointingSteps)
                .set("training.keep_checkpoints", checkpointsTotalLimit);
    }

    /** {@code null} for the recipe's. */
    private @Nullable List<String> trackers() {
        if (logger == null || logger.equals("tensorboard")) {
            return null;
        }
        if (logger.equals("mlflow")) {
            return List.of("jsonl", "tensorboard", "mlflow");
        }
        throw Problem.request("--logger must be tensorboard or mlflow, but was '" + logger
                + "': every number is in metrics.jsonl, which tools/wandb_import.py sends to W&B after the training");
    }
}
