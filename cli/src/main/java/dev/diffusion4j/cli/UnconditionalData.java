// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which pictures, and which network: flags of {@code train_unconditional.py}. */
final class UnconditionalData {
    @Option(
            names = {"--dataset_name", "--dataset-name"},
            paramLabel = "SPEC",
            description = "The pictures: a data set of the Hub, org/name, a folder, or another of 'diffuse data'.")
    @Nullable
    String datasetName;

    @Option(
            names = {"--dataset_config_name", "--dataset-config-name"},
            paramLabel = "NAME",
            description = "Which configuration of a data set of the Hub.")
    @Nullable
    String datasetConfigName;

    @Option(
            names = {"--train_data_dir", "--train-data-dir"},
            paramLabel = "DIR",
            description = "A folder with pictures; this or --dataset_name is needed.")
    @Nullable
    Path trainDataDir;

    @Option(
            names = {"--cache_dir", "--cache-dir"},
            paramLabel = "DIR",
            description = "Where data sets of the Hub are kept; default: as HF_HUB_CACHE and HF_HOME say.")
    @Nullable
    Path cacheDir;

    @Mixin
    ColumnOptions columns = new ColumnOptions();

    @Option(names = "--resolution", paramLabel = "N", description = "Side of the pictures; default 64.")
    @Nullable
    Integer resolution;

    @Option(
            names = {"--center_crop", "--center-crop"},
            description = "Cut the middle square out; else a square anywhere, elsewhere each time.")
    boolean centerCrop;

    @Option(
            names = {"--random_flip", "--random-flip"},
            description = "Mirror half of the pictures.")
    boolean randomFlip;

    @Option(
            names = {"--preserve_input_precision", "--preserve-input-precision"},
            description = "Refused: pictures are read with 8 bits a channel.")
    boolean preserveInputPrecision;

    @Option(
            names = {"--dataloader_num_workers", "--dataloader-num-workers"},
            paramLabel = "N",
            description = "Threads that decode ahead; default 0: half of the processors.")
    @Nullable
    Integer dataloaderNumWorkers;

    @Option(
            names = {"--model_config_name_or_path", "--model-config-name-or-path"},
            paramLabel = "PATH",
            description = "Another network than the script's: a config.json, or a folder that holds one.")
    @Nullable
    Path modelConfigNameOrPath;

    /** @throws Problem (a wrong request) where they do not go together, or name what is not on this machine */
    void addTo(Changes changes) {
        if ((datasetName == null) == (trainDataDir == null)) {
            throw Problem.request("give either --dataset_name SPEC or --train_data_dir DIR");
        }
        if (preserveInputPrecision) {
            throw Problem.request("pictures are read with 8 bits a channel: omit --preserve_input_precision");
        }
        if (datasetName == null && datasetConfigName != null) {
            throw Problem.request("--dataset_config_name belongs to --dataset_name, not to --train_data_dir: omit it");
        }
        if (cacheDir != null) {
            System.setProperty("HF_HUB_CACHE", cacheDir.toString()); // of this process; goes before the variable
        }
        columns.addTo(changes);
        changes.set(
                        "data.source",
                        datasetName != null
                                ? HubName.data("--dataset_name", datasetName, datasetConfigName)
                                : "folder:" + trainDataDir)
                .set("data.image_size", resolution)
                .set("data.resize", centerCrop ? "crop" : null)
                .set("data.random_flip", randomFlip ? true : null)
                .set("data.workers", dataloaderNumWorkers);
        if (modelConfigNameOrPath != null) {
            changes.add(List.of("model.config=" + Json.compact(network(modelConfigNameOrPath))));
        }
    }

    private static Map<String, @Nullable Object> network(Path path) {
        Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
        if (Files.isDirectory(path.resolve("unet"))) {
            file = path.resolve("unet").resolve("config.json");
        }
        if (!Files.isRegularFile(file)) {
            throw Problem.request("--model_config_name_or_path: there is no file " + file
                    + "; name a config.json of a UNet2DModel, or the folder that holds one");
        }
        Map<String, @Nullable Object> config = new LinkedHashMap<>(Json.readObject(file));
        Object kind = config.get("_class_name");
        if (kind != null && !kind.equals("UNet2DModel")) {
            throw Problem.request(
                    "--model_config_name_or_path: " + file + " describes a " + kind + ", not a UNet2DModel");
        }
        config.keySet().removeIf(key -> key.startsWith("_"));
        config.remove("sample_size"); // that of the pictures
        return config;
    }
}
