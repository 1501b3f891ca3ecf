// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The course's {@code finetune_model.py}: its flags, its defaults, which stand in the recipe {@code finetune-script}. */
@Command(
        name = "finetune",
        description = "Go on training a model on other pictures, with the flags of the course's finetune_model.py.",
        footerHeading = "%nExample:%n",
        footer = "  diffuse finetune --image_size 64 --start_model runs/base/model --dataset_name folder:my-photos"
                + " --model_save_name mine",
        mixinStandardHelpOptions = true)
final class FinetuneCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"--image_size", "--image-size"},
            paramLabel = "N",
            description = "Side of the pictures; default 256.")
    @Nullable
    Integer imageSize;

    @Option(
            names = {"--batch_size", "--batch-size"},
            paramLabel = "N",
            description = "Pictures of a forward pass; default 16.")
    @Nullable
    Integer batchSize;

    @Option(
            names = {"--grad_accumulation_steps", "--grad-accumulation-steps"},
            paramLabel = "N",
            description = "Forward passes of an update; default 2.")
    @Nullable
    Integer gradAccumulationSteps;

    @Option(
            names = {"--num_epochs", "--num-epochs"},
            paramLabel = "N",
            description = "Passes over the data; default 1.")
    @Nullable
    Integer numEpochs;

    @Option(
            names = {"--start_model", "--start-model"},
            paramLabel = "PLACE",
            defaultValue = "google/ddpm-bedroom-256",
            description = "The model to start from, a folder or one of the Hub; default: google/ddpm-bedroom-256.")
    String startModel = "";

    @Option(
            names = {"--dataset_name", "--dataset-name"},
            paramLabel = "SPEC",
            defaultValue = "huggan/wikiart",
            description = "The pictures: a folder, a data set of the Hub, or another of 'diffuse data'; default:"
                    + " huggan/wikiart.")
    String datasetName = "";

    @Mixin
    ColumnOptions columns = new ColumnOptions();

    @Option(
            names = "--device",
            paramLabel = "D",
            defaultValue = "cpu",
            description = "cpu, cuda, cuda:N or auto; default: cpu.")
    String device = "cpu";

    @Option(
            names = {"--model_save_name", "--model-save-name"},
            paramLabel = "DIR",
            defaultValue = "wikiart_1e",
            description = "Where the model is saved; on the way as DIRstep_N. Default: wikiart_1e.")
    Path modelSaveName = Path.of("");

    @Option(
            names = {"--wandb_project", "--wandb-project"},
            paramLabel = "NAME",
            description =
                    "Recorded as the project in recipe.yaml, under which tools/wandb_import.py sends the run to W&B"
                            + " afterwards, and the tracker mlflow at once; default dm_finetune.")
    @Nullable
    String wandbProject;

    @Option(
            names = {"--log_samples_every", "--log-samples-every"},
            paramLabel = "N",
            description = "Updates between two pictures of eight samples; default 250.")
    @Nullable
    Integer logSamplesEvery;

    @Option(
            names = {"--save_model_every", "--save-model-every"},
            paramLabel = "N",
            description = "Updates between two saved models; default 2500.")
    @Nullable
    Integer saveModelEvery;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description = "The run's folder; default: runs/ and the saved name.")
    @Nullable
    Path out;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Change another value of the recipe finetune-script; may be given again.")
    List<String> changes = new ArrayList<>();

    @Mixin
    PublishOptions publish = new PublishOptions();

    @Override
    public Integer call() {
        Path name = modelSaveName.getFileName();
        if (name == null || name.toString().isBlank()) {
            throw Problem.request("--model_save_name must name a folder, but was '" + modelSaveName + "'");
        }
        Changes flags = new Changes();
        columns.addTo(flags);
        Recipe recipe = Recipes.load(
                "finetune-script",
                flags.set("model.from", HubName.model("--start_model", startModel))
                        .set("data.source", HubName.data("--dataset_name", datasetName, null))
                        .set("data.image_size", imageSize)
                        .set("training.batch_size", batchSize)
                        .set("training.gradient_accumulation_steps", gradAccumulationSteps)
                        .set("training.epochs", numEpochs)
                        .set("training.device", device)
                        .set("samples.every_steps", logSamplesEvery)
                        .set("export.every_steps", saveModelEvery)
                        .set("export.folder", modelSaveName.toString())
                        .set("project", wandbProject)
                        .add(changes)
                        .list());
        Path folder = out != null ? out : Path.of("runs").resolve(name);
        return new RecipeTraining(publish, spec).start(recipe, folder, noteOnProject(new RunFolder(folder)));
    }

    private @Nullable String noteOnProject(RunFolder folder) {
        if (wandbProject == null) {
            return null;
        }
        return "note: the project " + wandbProject + " is recorded in " + folder.recipe()
                + "; nothing is sent to W&B while it trains: tools/wandb_import.py " + folder.path()
                + " sends it afterwards";
    }
}
