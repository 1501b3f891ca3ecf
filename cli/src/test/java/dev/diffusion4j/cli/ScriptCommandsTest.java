// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command lines of two Python scripts. */
class ScriptCommandsTest {
    private static final List<String> TINY = List.of(
            "--set",
            "model.config={layers_per_block: 1, norm_num_groups: 4, block_out_channels: [8, 8],"
                    + " down_block_types: [DownBlock2D, DownBlock2D], up_block_types: [UpBlock2D, UpBlock2D]}");

    @TempDir
    Path folder;

    @BeforeEach
    void saveBase() {
        TinyModels.save(folder.resolve("base"), SchedulerKind.DDPM, Map.of("in_channels", 3L, "out_channels", 3L));
    }

    /** A command line with {@code @} for the folder. */
    private Command.Outcome run(List<String> more, String line) {
        List<String> words = new ArrayList<>(Arrays.asList(line.split(" ")));
        words.replaceAll(word -> word.replace("@", folder.toString()));
        words.addAll(more);
        return Command.run(words.toArray(new String[0]));
    }

    private static BufferedImage picture(Path file) throws IOException {
        return ImageIO.read(file.toFile());
    }

    /** The course's own line, but for the model, the data and smaller numbers. */
    @Test
    void finetune_takes_the_course_s_flags() throws IOException {
        Command.Outcome outcome = run(
                List.of("--set", "data.limit=24"),
                "finetune --image_size 16 --batch_size 4 --num_epochs 2 --grad_accumulation_steps 2 --start_model @/base"
                        + " --dataset_name shapes --model_save_name @/vintageface --wandb_project dm-finetune"
                        + " --log_samples_every 4 --save_model_every 2 --out @/run");
        assertThat(outcome.err()).contains("note: the project dm-finetune is recorded", "tools/wandb_import.py");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("saved: " + folder.resolve("vintagefacestep_2"))
                .contains("epoch 1: mean loss")
                .endsWith("the model is in " + folder.resolve("vintageface") + "\n");
        for (String saved : List.of("vintagefacestep_2", "vintagefacestep_4", "vintagefacestep_6", "vintageface")) {
            assertThat(folder.resolve(saved).resolve("model_index.json")).exists();
            assertThat(Json.readObject(folder.resolve(saved).resolve("unet/config.json")))
                    .containsEntry("sample_size", 16L);
        }
        assertThat(hash("vintageface")).isEqualTo(hash("vintagefacestep_6")).isNotEqualTo(hash("vintagefacestep_4"));
        assertThat(hash("vintagefacestep_2")).isNotEqualTo(hash("base"));
        BufferedImage samples = picture(folder.resolve("run/samples/step-000004.png"));
        assertThat(List.of(samples.getWidth(), samples.getHeight()))
                .as("two rows of four pictures of 16 pixels")
                .isEqualTo(List.of(4 * 18 + 2, 2 * 18 + 2));
        Map<String, Object> recipe = Yaml.readObject(folder.resolve("run/recipe.yaml"));
        assertThat(recipe).containsEntry("project", "dm-finetune");
        assertThat(Files.readAllLines(folder.resolve("run/metrics.jsonl")).stream()
                        .map(line -> Json.parseObject(line, "metrics").get("lr")))
                .as("a tenth less each epoch")
                .containsExactly(1e-5, 1e-5, 1e-5, 0.9e-5, 0.9e-5, 0.9e-5);
    }

    private String hash(String model) throws IOException {
        return Hashes.sha256(folder.resolve(model).resolve("unet/diffusion_pytorch_model.safetensors"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "finetune --start_model @/base --dataset_name digits --image_column a | the data source digits has no columns",
                "finetune --start-model @/base --dataset-name shapes --device cuda:7 | device 'cuda:7' is not there",
                "finetune --start_model @/base --dataset_name shapes --model_save_name @/base | already holds a model",
                "finetune --start_model @/nowhere/at/all | there is no folder",
                "train-unconditional | give either --dataset_name SPEC or --train_data_dir DIR",
                "train-unconditional --dataset_name shapes --dataset_config_name x | belongs to data sets of the Hub",
                "train-unconditional --train_data_dir @/base --dataset_config_name x | belongs to --dataset_name",
                "train-unconditional --dataset_name shapes --mixed_precision fp16 | take bf16 or no",
                "train-unconditional --dataset_name shapes --prediction_type v_prediction | must be epsilon or sample",
                "train-unconditional --dataset_name shapes --hub_private_repo | go with --push-to-hub",
                "train-unconditional --dataset_name shapes --logger wandb | tools/wandb_import.py sends to W&B after the training",
                "train-unconditional --dataset_name shapes --logger comet | must be tensorboard or mlflow, but was 'comet'",
                "train-unconditional --dataset_name shapes --lr_scheduler cosin | did you mean 'cosine'",
                "train-unconditional --dataset_name shapes --local_rank 1 | one process",
                "train-unconditional --dataset_name shapes --output_dir @/o --resume_from_checkpoint checkpoint-5 | it holds none",
                "train-unconditional --dataset_name shapes --model_config_name_or_path @/x.json | there is no file",
            })
    void what_cannot_be_done_is_one_line(String line, String said) {
        List<String> before = Command.tree(folder);
        Command.Outcome outcome = run(List.of(), line.trim());
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains(said.trim()).startsWith("diffuse: ").hasLineCount(1);
        assertThat(Command.tree(folder)).isEqualTo(before);
    }

    @Test
    void train_unconditional_takes_the_script_s_flags() throws IOException {
        String line = "train-unconditional --dataset_name=shapes --resolution=16 --center_crop --random_flip"
                + " --output_dir=@/butterflies --train_batch_size=4 --eval_batch_size=2 --num_epochs=3"
                + " --gradient_accumulation_steps=1 --use_ema --learning_rate=1e-4 --lr_scheduler=linear --lr_warmup_steps=5"
                + " --adam_beta1=0.9 --mixed_precision=no --prediction_type=sample --ddpm_num_steps=100"
                + " --ddpm_beta_schedule=squaredcos_cap_v2 --ddpm_num_inference_steps=3 --save_images_epochs=2"
                + " --save_model_epochs=2 --checkpointing_steps=4 --checkpoints_total_limit=1 --logger=tensorboard"
                + " --set data.limit=12";
        Command.Outcome outcome = run(TINY, line);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        Path run = folder.resolve("butterflies");
        assertThat(outcome.out()).endsWith("the model is in " + run + "\n");
        assertThat(run.resolve("model_index.json")).exists();
        assertThat(Json.readObject(run.resolve("scheduler/scheduler_config.json")))
                .containsEntry("prediction_type", "sample")
                .containsEntry("num_train_timesteps", 100L)
                .containsEntry("beta_schedule", "squaredcos_cap_v2");
        assertThat(Command.tree(run.resolve("samples"))).hasSize(3); // the folder, epoch 2, the end
        assertThat(Command.tree(run.resolve("checkpoints")).stream().filter(name -> name.matches("step-\\d+ /")))
                .containsExactly("step-00000009 /");
        Map<String, Object> recipe = Yaml.readObject(run.resolve("recipe.yaml"));
        assertThat(Json.object(recipe.get("objective"))).containsEntry("weighting", "snr");
        assertThat(Json.object(recipe.get("data")))
                .containsEntry("resize", "crop")
                .containsEntry("random_flip", true);
        assertThat(Json.object(Json.object(recipe.get("training")).get("ema")))
                .containsEntry("power", 0.75)
                .containsEntry("decay", 0.9999);

        assertThat(run(TINY, line).err()).contains("already holds a run");
        assertThat(run(TINY, line + " --resume_from_checkpoint=checkpoint-4").err())
                .contains("it holds checkpoint-9");
        assertThat(run(TINY, line + " --resume_from_checkpoint=latest").out()).contains("already finished");
        assertThat(run(TINY, line.replace("epochs=3", "epochs=4") + " --resume_from_checkpoint=latest")
                        .err())
                .contains("training.epochs is 3 there and 4 here");
        Files.writeString(run.resolve("mine.txt"), "stays");
        outcome = run(TINY, line.replace("num_epochs=3", "num_epochs=1") + " --overwrite_output_dir");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(run.resolve("mine.txt")).exists();
    }

    @Test
    void latest_begins_where_there_is_nothing_and_another_network_may_be_named() {
        Command.Outcome outcome = run(
                List.of("--set", "data.limit=4"),
                "train-unconditional --train-data-dir @/pictures --resolution 8 --train_batch_size 4 --num_epochs 1"
                        + " --eval_batch_size 0 --model_config_name_or_path @/base --output_dir @/o"
                        + " --resume_from_checkpoint latest");
        assertThat(outcome.err()).contains("pictures");
        assertThat(outcome.code()).isNotZero();
        outcome = run(
                List.of("--set", "data.limit=4"),
                "train-unconditional --dataset-name shapes --resolution 8 --train_batch_size 4 --num_epochs 1"
                        + " --eval_batch_size 0 --model_config_name_or_path @/base --output_dir @/o"
                        + " --resume_from_checkpoint latest");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(Json.readObject(folder.resolve("o/unet/config.json")))
                .containsEntry("block_out_channels", List.of(8L, 8L));
    }
}
