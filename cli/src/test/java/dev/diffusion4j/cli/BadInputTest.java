// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever is wrong, the command says so in one line, ends with 1 (it failed) or 2 (it was called wrongly), and leaves nothing
 * behind. In arguments {@code @} stands for the folder of the test, which holds {@code model} and {@code classes}, a network
 * with three classes.
 */
class BadInputTest {
    private static final String WEIGHTS = "model/unet/diffusion_pytorch_model.safetensors";
    private static final String DRAW = "sample --model @/model --out @/out ";
    private static final String TRAIN = "train butterflies-32 --out @/out ";

    @TempDir
    Path folder;

    /** Spoils the folder before the call. */
    @FunctionalInterface
    interface Spoil {
        void in(Path folder) throws IOException;
    }

    /** One call: its name, what is done before it, the arguments, the exit code and what the line must say. */
    record Case(String name, Spoil spoil, String arguments, int code, List<String> said) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case bad(int code, String name, Spoil spoil, String arguments, String... said) {
        return new Case(name, spoil, arguments, code, List.of(said));
    }

    private static Case call(int code, String arguments, String... said) {
        return new Case(arguments.isEmpty() ? "nothing" : arguments, folder -> {}, arguments, code, List.of(said));
    }

    private static Spoil write(String file, String text) {
        return folder -> {
            Files.createDirectories(folder.resolve(file).getParent());
            Files.writeString(folder.resolve(file), text);
        };
    }

    private static Spoil replace(String file, String from, String to) {
        return folder -> {
            String text = Files.readString(folder.resolve(file));
            assertThat(text).contains(from);
            Files.writeString(folder.resolve(file), text.replace(from, to));
        };
    }

    private static Spoil cut(String file, int bytes) {
        return folder ->
                Files.write(folder.resolve(file), Arrays.copyOf(Files.readAllBytes(folder.resolve(file)), bytes));
    }

    private static Spoil pickle(String text) {
        return folder -> {
            Files.delete(folder.resolve(WEIGHTS));
            Files.write(
                    folder.resolve("model/unet/diffusion_pytorch_model.bin"),
                    text.getBytes(StandardCharsets.ISO_8859_1));
        };
    }

    private static Spoil classes(String type) {
        return folder -> TinyModels.save(folder.resolve("model"), SchedulerKind.DDPM, Map.of("class_embed_type", type));
    }

    private static Spoil draw(Spoil afterwards) {
        return folder -> {
            Command.run("sample", "--model", folder + "/model", "--out", folder + "/drawn", "--steps", "1");
            afterwards.in(folder);
        };
    }

    static Stream<Case> models() {
        String config = "model/unet/config.json";
        String scheduler = "model/scheduler/scheduler_config.json";
        String index = "model/model_index.json";
        String draw = DRAW + "--steps 1";
        return Stream.of(
                bad(1, "cut weights", cut(WEIGHTS, 15_000), draw, WEIGHTS, "was cut short"),
                bad(1, "cut in the header", cut(WEIGHTS, 3000), draw, WEIGHTS, "3000"),
                bad(1, "cut in the length", cut(WEIGHTS, 5), draw, WEIGHTS),
                bad(1, "empty weights", cut(WEIGHTS, 0), draw, WEIGHTS),
                bad(1, "no weights", folder -> Files.delete(folder.resolve(WEIGHTS)), draw, "there are no weights"),
                bad(
                        1,
                        "pickle with code",
                        pickle("\u0080\u0002cos\nsystem\nX\u0009\u0000\u0000\u0000touch ran\u0085R."),
                        draw,
                        ".bin",
                        "os.system"),
                bad(1, "config is a list", write(config, "[1, 2]"), draw, "config.json", "object"),
                bad(1, "config is no JSON", write(config, "{\"a\": "), draw, "config.json"),
                bad(
                        1,
                        "text for a number",
                        replace(config, "\"layers_per_block\": 1", "\"layers_per_block\": \"one\""),
                        draw,
                        "config.json",
                        "layers_per_block",
                        "whole number"),
                bad(
                        1,
                        "unknown block",
                        replace(config, "\"AttnDownBlock2D\"", "\"AttnDownBlok2D\""),
                        draw,
                        "did you mean 'AttnDownBlock2D'"),
                bad(1, "other widths", replace(config, "8\n  ],", "16\n  ],"), draw, "shape"),
                bad(
                        1,
                        "unknown scheduler",
                        replace(index, "DDPMScheduler", "DPMScheduler"),
                        draw,
                        "did you mean 'DDPMScheduler'"),
                bad(1, "unknown network", replace(index, "UNet2DModel", "UNet3DModel"), draw, "UNet3DModel"),
                bad(
                        1,
                        "NaN in a config",
                        replace(scheduler, "\"beta_start\": 0.0001", "\"beta_start\": NaN"),
                        draw,
                        "scheduler_config.json",
                        "beta_start",
                        "NaN"),
                bad(
                        1,
                        "infinite setting",
                        replace(scheduler, "\"beta_end\": 0.02", "\"beta_end\": 1e400"),
                        draw,
                        "beta_end"),
                bad(
                        1,
                        "a component that is not known",
                        replace(index, "\"unet\": [", "\"vqvae\": [\"diffusers\", \"VQModel\"], \"unet\": ["),
                        draw,
                        "'vqvae' (VQModel of diffusers)",
                        "not supported"),
                bad(
                        1,
                        "a classifier, whose weights are not looked at",
                        folder -> {
                            Files.delete(folder.resolve(WEIGHTS));
                            replace(index, "UNet2DModel", "ConvClassifier").in(folder);
                        },
                        draw,
                        "ConvClassifier",
                        "draws no pictures"),
                bad(1, "index is a list", write(index, "[]"), draw, "model_index.json"),
                bad(1, "index names nothing", write(index, "{}"), draw, "names no network"),
                bad(
                        1,
                        "no index",
                        folder -> Files.delete(folder.resolve(index)),
                        draw,
                        "no model_index.json",
                        "scheduler, unet"),
                bad(
                        1,
                        "a file for a model",
                        write("file", ""),
                        "sample --model @/file --out @/out",
                        "is not a file of weights"),
                call(1, "sample --model @/nowhere --out @/out", "there is no folder"),
                bad(
                        1,
                        "an unfinished run for a model",
                        write("run/recipe.yaml", "name: x\n"),
                        "sample --model @/run --out @/out",
                        "is a run that has not finished",
                        "resume the training in"),
                bad(
                        1,
                        "a checkpoint for a model",
                        folder -> {
                            write("run/recipe.yaml", "name: x\n").in(folder);
                            Files.createDirectories(folder.resolve("run/checkpoints/step-00000002"));
                        },
                        "sample --model @/run/checkpoints/step-00000002 --out @/out",
                        "is a checkpoint of a run",
                        "resume the training in"),
                call(1, "info @/nowhere", "there is no file or folder"),
                bad(1, "info of a cut file", cut(WEIGHTS, 15_000), "info @/" + WEIGHTS, "was cut short"),
                bad(1, "info of any file", write("notes.txt", "hello"), "info @/notes.txt", "not a file of weights"),
                bad(1, "info of a spoilt folder", cut(WEIGHTS, 15_000), "info @/model", "was cut short"));
    }

    static Stream<Case> sampling() {
        return Stream.of(
                call(2, "sample --out @/out", "--model", "--from"),
                call(2, "sample --model @/model", "--out"),
                call(2, "sample --model @/nowhere --out @/out --steps 0", "--steps must be > 0, but was 0"),
                call(2, "sample --model @/nowhere --out @/out --size 0x8", "--size must be WxH", "0x8"),
                call(2, "sample --model @/nowhere --out @/out --eta -1", "--eta must be"),
                call(2, "sample --model @/nowhere --out @/out --class two", "--class", "'two'"),
                call(2, DRAW + "--steps 0", "--steps", "0"),
                call(2, DRAW + "--steps 1001", "steps", "1000"),
                call(2, DRAW + "--steps many", "--steps", "many"),
                call(2, DRAW + "--steps 1 --count 0", "--count must"),
                call(2, DRAW + "--steps 1 --batch 0", "--batch must"),
                call(2, DRAW + "--steps 1 --seed -1", "--seed must"),
                call(2, DRAW + "--seed 9223372036854775807 --count 2", "--seed must be at most 9223372036854775806"),
                call(2, DRAW + "--steps 1 --scheduler dpmsolver++", "did you mean 'dpm-multistep'?"),
                call(2, DRAW + "--steps 1 --scheduler euler_a", "did you mean 'euler-ancestral'?"),
                call(2, DRAW + "--steps 1 --rng gpu", "--rng must be", "cuda:SMSxTHREADS", "'gpu'"),
                call(2, DRAW + "--steps 1 --rng cuda:132x64", "--rng cuda:SMSxTHREADS", "256 threads", "132x64"),
                call(2, DRAW + "--steps 1 --noise-dtype fp16", "--noise-dtype 'fp16'", "did you mean 'f16'?"),
                call(2, DRAW + "--steps 3 --scheduler tcd --eta 1.5", "--eta must lie in [0, 1]", "tcd", "1.5"),
                call(2, DRAW + "--steps 1 --scheduler DDIMScheduler", "did you mean 'ddim'?"),
                call(2, DRAW + "--num_inference_steps 20", "'--num_inference_steps'", "did you mean '--steps'?"),
                call(2, DRAW + "--cfg-scale 7", "did you mean '--guidance-scale'?"),
                call(2, DRAW + "--guidance_scale 7", "did you mean '--guidance-scale'?"),
                call(2, DRAW + "--dtype float32", "did you mean 'f32'?"),
                call(2, DRAW + "--prompt rose --class 1", "either --prompt or --class", "captions"),
                call(2, DRAW + "--prompt rose --class all", "either --prompt or --class"),
                call(2, "sample -o @/out --steps 1", "--model"),
                call(2, DRAW + "--steps 1 --count 2000000000", "--count is 2,000,000,000", "TB of disk"),
                call(2, DRAW + "--steps 1 --eta 0.5", "'ddpm' takes no --eta", ": ddim"),
                call(2, DRAW + "--steps 1 --schedulr ddim", "unknown option '--schedulr'", "mean '--scheduler'?"),
                call(2, DRAW + "--steps 1 --scheduler ddim --eta NaN", "eta", "NaN"),
                call(2, DRAW + "--steps 1 --size 9x8", "multiples of 2"),
                call(2, DRAW + "--steps 1 --size 8", "WxH"),
                call(2, DRAW + "--steps 1 --size 0x0", "0"),
                call(2, DRAW + "--steps 1 --size 99999999999x8", "WxH"),
                call(2, DRAW + "--steps 1 --scheduler ddimm", "did you mean 'ddim'"),
                call(2, DRAW + "--steps 1 --scheduler flow-match-euler", "does not fit"),
                call(2, DRAW + "--steps 1 --dtype f99", "--dtype"),
                call(2, DRAW + "--steps 1 --device gpu", "gpu"),
                call(1, DRAW + "--steps 1 --variant fp16", "fp16"),
                call(1, DRAW + "--steps 1 --save-tensors /dev/null/a.safetensors", "cannot write", "/dev/null"),
                call(2, DRAW + "--steps 1 --noise pink", "--noise"),
                call(2, DRAW + "--steps 1 --guide clip=rose:8", "name its folder by --clip-model"),
                call(2, DRAW + "--steps 1 --guide clip=:8 --clip-model @/model", "what the pictures are to show"),
                call(1, DRAW + "--steps 1 --guide clip=rose:8 --clip-model @/model", "holds no CLIP"),
                call(1, DRAW + "--steps 1 --guide clip=rose:8 --clip-model @/none", "there is no CLIP at"),
                call(2, DRAW + "--steps 1 --clip-activation gelu", "needs --clip-model"),
                call(1, DRAW + "--steps 1 --guide mask=@/none.png:20", "there is no picture"),
                call(1, DRAW + "--steps 1 --guide mask=@/model/model_index.json:20", "is no picture that can be read"),
                call(2, DRAW + "--steps 1 --guide classifier=@/model:5", "names no class"),
                call(2, DRAW + "--steps 1 --guide saturation=0.5:5", "saturation=0.5:5", "grey"),
                call(2, DRAW + "--steps 1 --guide brightness=1.5:5", "'brightness=1.5:5'", "[0.0, 1.0]"),
                call(2, DRAW + "--steps 1 --guide contrast=-1:5", "'contrast=-1:5'", "[0.0, 1.0]"),
                call(2, DRAW + "--guide brightness=1:5,gradient=exact,gradient=cheap", "gradient twice"),
                call(2, DRAW + "--guide brightness=1:5,from=0.9,to=0.2", "brightness=1:5,from=0.9,to=0.2", "to must"),
                call(2, DRAW + "--guide brightness=1:5 --clip-model @/model", "--clip-model", "omit it"),
                call(1, DRAW + "--steps 3 --guide brightness=1:1e30", "guided by brightness=1:1e30", "smaller scale"),
                call(2, DRAW + "--guidance-scale nan", "--guidance-scale", "finite number", "'nan'"),
                call(2, DRAW + "--guidance-w NaN", "--guidance-w", "finite number", "'NaN'"),
                call(
                        2,
                        "sample --model @/classes --out @/out --class 1 --guidance-scale 3 --negative-class 12",
                        "--negative-class 12",
                        "0 to 2"),
                call(2, DRAW + "--steps 1 --save-tensors @/model", "--save-tensors", "is a folder"),
                call(2, "sample --model @/model --steps 1 --out @/out.png", "--out must name a folder", "out.png"),
                call(2, DRAW + "--steps 1 --class 0", "--class"),
                call(2, DRAW + "--steps 1 --class all", "--class"),
                call(2, DRAW + "--steps 1 --colour red", "--colour"),
                call(2, DRAW + "--steps 1 --scheduler-option clip_samples=true", "did you mean 'clip_sample'"),
                call(2, DRAW + "--steps 1 --scheduler-option clip_sample=maybe", "clip_sample", "true or false"),
                call(2, DRAW + "--steps 1 --scheduler-option beta_start=NaN", "beta_start"),
                call(2, DRAW + "--steps 1 --scheduler-option s_churn=3", "takes no s_churn"),
                call(2, DRAW + "--steps 1 --scheduler euler --scheduler-option s_churn=.nan", "s_churn"),
                call(2, DRAW + "--steps 1 --scheduler-option trailing", "key=value"),
                call(2, "sample --model @/classes --out @/out --steps 1", "3 classes", "--class"),
                call(2, "sample --model @/classes --out @/out --steps 1 --class 3", "0 to 2"),
                call(2, "sample --model @/classes --out @/out --steps 1 --class -1", "0 to 2"),
                call(2, "sample --model @/classes --out @/out --steps 1 --class two", "'two'"),
                bad(
                        2,
                        "any class",
                        classes("timestep"),
                        DRAW + "--steps 1",
                        "any whole number",
                        "choose one with --class"),
                bad(2, "all of any", classes("timestep"), DRAW + "--steps 1 --class all", "no end of all classes"),
                bad(2, "no class", classes("timestep"), DRAW + "--steps 1 --class -1", "--class -1 does not exist"),
                bad(1, "a vector", classes("identity"), DRAW + "--steps 1", "identity", "takes a vector"),
                bad(1, "a vector for a class", classes("identity"), DRAW + "--steps 1 --class 1", "takes a vector"),
                call(1, "sample --from @/nowhere.png --out @/out", "nowhere.png", "no such file"),
                call(2, "sample --from @/nowhere.png --out @/out --class 1", "does not use --class"),
                call(2, "sample --from @/nowhere.png --out @/out --scheduler-option a=b", "not use --scheduler-option"),
                call(2, "sample --from @/nowhere.png --out @/out --seed 0", "does not use --seed"),
                call(2, "sample --from @/nowhere.png --out @/out --dtype bf16", "does not use --dtype"),
                bad(1, "not a PNG", write("a.png", "GIF89a"), "sample --from @/a.png --out @/out", "not a PNG"),
                bad(
                        1,
                        "a cut PNG",
                        draw(cut("drawn/0000.png", 90)),
                        "sample --from @/drawn/0000.png --out @/out",
                        "0000.png",
                        "cut short"),
                bad(
                        1,
                        "a PNG without a note",
                        draw(folder -> Files.write(folder.resolve("plain.png"), plainPng())),
                        "sample --from @/plain.png --out @/out",
                        "does not say how it was made"),
                bad(
                        1,
                        "its model is gone",
                        draw(folder -> AtomicFile.deleteTree(folder.resolve("model"))),
                        "sample --from @/drawn/0000.png --out @/out",
                        "there is no folder",
                        "give its new place with --model"),
                bad(1, "the target is a file", write("out", ""), DRAW + "--steps 1", "cannot write", "out"),
                call(1, "sample --model @/model --out /dev/null/out --steps 1", "cannot write"),
                call(1, "sample --model @/model --out /proc/out --steps 1", "cannot write"));
    }

    static Stream<Case> training() {
        return Stream.of(
                call(2, "train --out @/out", "recipe"),
                call(2, "train butterfly-32 --out @/out", "did you mean 'butterflies-32'"),
                call(2, "train @/none.yaml --out @/out", "none.yaml"),
                bad(1, "no YAML", write("a.yaml", "a: [1"), "train @/a.yaml --out @/out", "a.yaml", "YAML"),
                bad(
                        2,
                        "unknown key",
                        write("a.yaml", "name: x\ntrainig:\n  epochs: 1\n"),
                        "train @/a.yaml --out @/out",
                        "did you mean 'training'"),
                call(2, TRAIN + "--set training.epoch=3", "did you mean 'epochs'"),
                call(2, TRAIN + "--set max_steps=3", "did you mean 'training.max_steps'?"),
                bad(
                        2,
                        "max_steps at the top",
                        write("a.yaml", "max_steps: 3\n"),
                        "train @/a.yaml",
                        "training.max_steps"),
                call(2, TRAIN + "--max_steps 3", "did you mean '--set training.max_steps=N'?"),
                call(2, TRAIN + "--set samples.scheduler=euler_a", "did you mean 'euler-ancestral'?"),
                bad(
                        2,
                        "a folder of IDX files",
                        write("idx/train-images-idx3-ubyte.gz", ""),
                        TRAIN + "--data @/idx",
                        "did you mean 'idx:"),
                call(2, TRAIN + "--set training.epochs", "key=value"),
                call(2, TRAIN + "--set training.epochs=0", "epochs"),
                call(2, TRAIN + "--set training.max_steps=0", "max_steps"),
                call(2, TRAIN + "--set training.batch_size=-1", "batch_size"),
                call(2, TRAIN + "--set training.optimizer.learning_rate=.nan", "learning_rate"),
                call(2, TRAIN + "--set training.optimizer.learning_rate=[", "--set"),
                call(2, TRAIN + "--set scheduler.config.beta_start=.nan", "beta_start"),
                call(2, TRAIN + "--set scheduler.kind=ddimm", "did you mean 'ddim'"),
                call(2, TRAIN + "--set data.image_size=33", "33x33", "multiples of 8"),
                call(2, TRAIN + "--data shapez", "did you mean 'shapes'"),
                call(1, TRAIN + "--data folder:@/nowhere", "nowhere"),
                call(1, TRAIN + "--set model.from=@/nowhere", "model.from: there is no folder"),
                call(2, "train digits-lora --preset quick --data digits --out @/out", "--set model.from=FOLDER"),
                call(2, TRAIN + "--dtype f99", "dtype"),
                call(2, TRAIN + "--device cuda:7", "device 'cuda:7' is not there"),
                call(2, TRAIN + "--seed one", "--seed"),
                bad(1, "the target is a file", write("out", ""), TRAIN + "--set training.max_steps=1", "out"),
                bad(2, "another run is there", write("out/recipe.yaml", "name: other\n"), TRAIN, "--resume"),
                call(2, "train --resume @/nowhere", "no run to resume"),
                call(2, "train --resume @ --seed 3", "--resume"),
                call(2, "train --resume @ --device cuda", "omit", "--device and --dtype"),
                bad(
                        1,
                        "what is resumed is broken",
                        write("run/recipe.yaml", "name: [\n"),
                        "train --resume @/run",
                        "recipe.yaml"),
                call(2, "quickstart --out @/out --set training.max_stpes=2", "did you mean 'max_steps'"),
                call(2, "recipes quickstat", "did you mean 'quickstart'"));
    }

    static Stream<Case> data() {
        return Stream.of(
                bad(
                        1,
                        "an empty folder",
                        folder -> Files.createDirectory(folder.resolve("empty")),
                        "data folder:@/empty",
                        "empty"),
                call(1, "data folder:@/nowhere", "nowhere"),
                bad(1, "a file for a folder", write("file", ""), "data folder:@/file", "file"),
                bad(
                        1,
                        "no IDX files",
                        folder -> Files.createDirectory(folder.resolve("empty")),
                        "data idx:@/empty",
                        "empty"),
                call(2, "data digitz", "did you mean 'digits'"),
                call(2, "data digits:tset", "tset"),
                call(2, "data", "SPEC"),
                call(1, "data digits --preview /proc/preview.png", "cannot write"),
                call(2, "", "which command"),
                call(2, "smaple", "unknown command 'smaple' (did you mean 'sample'?)"),
                call(2, "sample --modl @/model", "unknown option '--modl' (did you mean '--model'?)"),
                call(2, "sample extra --model @/model --out @/out", "extra"));
    }

    static Stream<Case> plots() {
        return Stream.of(
                call(2, "plot schedules --out @/model/model_index.json", "--out must name a .png file"),
                bad(1, "no PNG", write("a.png", "mine"), "plot schedules --out @/a.png", "a.png", "is no picture"),
                bad(1, "no PNG", write("a.png", "mine"), "plot noise --data shapes --out @/a.png", "is no picture"),
                bad(1, "no PNG", write("a.png", "mine"), "data shapes --preview @/a.png", "--preview", "is no picture"),
                bad(
                        1,
                        "a folder of a picture's name",
                        folder -> Files.createDirectory(folder.resolve("a.png")),
                        "plot guidance-schedules --out @/a.png",
                        "is no picture"),
                call(2, "plot interpolate --model @/model --out @/a.png --gif @/b.png", "--gif must name a .gif file"),
                call(2, "plot runs @/model --out @/r.png", "--out must name a folder", "r.png"),
                call(2, "plot trace --model @/model --out @/r.GIF", "--out must name a folder", "omit .gif"));
    }

    private static byte[] plainPng() {
        return dev.diffusion4j.image.PngFile.bytes(
                new java.awt.image.BufferedImage(2, 2, java.awt.image.BufferedImage.TYPE_BYTE_GRAY), Map.of());
    }

    @BeforeEach
    void models_are_there() {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDPM, Map.of());
        TinyModels.save(folder.resolve("classes"), SchedulerKind.DDIM, Map.of("num_class_embeds", 3L));
    }

    private String[] arguments(String text) {
        return text.isEmpty()
                ? new String[0]
                : text.replace("@", folder.toString()).split(" ");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"models", "sampling", "training", "data", "plots"})
    void is_told_in_one_line_and_leaves_nothing(Case bad) throws IOException {
        bad.spoil().in(folder);
        List<String> before = Command.tree(folder);
        Command.Outcome outcome = Command.run(arguments(bad.arguments()));
        assertThat(outcome.err().lines().toList()).as(outcome.err()).hasSize(1);
        assertThat(outcome.err()).startsWith("diffuse: ").doesNotContain("Exception", "\tat ");
        assertThat(outcome.err().length()).isBetween(25, 700);
        assertThat(outcome.err()).contains(bad.said());
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(bad.code());
        assertThat(Command.tree(folder)).isEqualTo(before);
        assertThat(Path.of("ran")).doesNotExist();
    }

    @Test
    void verbose_shows_the_trace_too() {
        Command.Outcome outcome = Command.run(arguments("sample --verbose --model @/nowhere --out @/out"));
        assertThat(outcome.err()).contains("\tat dev.diffusion4j").endsWith("nowhere" + System.lineSeparator());
    }
}
