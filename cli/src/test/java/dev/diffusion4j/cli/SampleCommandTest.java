// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a picture's note says draws it again, to the last byte. */
class SampleCommandTest {
    /** A tiny one with random weights. */
    private static final String CLIP = "../core/src/test/resources/golden/clip/quick";

    @TempDir
    Path folder;

    private void run(String arguments) {
        Command.Outcome outcome =
                Command.run(arguments.replace("@", folder.toString()).split(" "));
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--scheduler ddim --steps 3",
                "--scheduler ddim --steps 3 --eta 0.5 --scheduler-option use_clipped_model_output=true",
                "--scheduler euler --steps 4 --scheduler-option use_karras_sigmas=true --scheduler-option s_churn=2",
                "--scheduler dpm-multistep --steps 3 --scheduler-option timestep_spacing=trailing --size 12x8",
                "--scheduler ddpm --steps 3 --noise shared",
                "--scheduler tcd --steps 3 --eta 0.4 --noise-dtype bf16",
                "--scheduler ddpm --steps 3 --noise-dtype f16 --rng cuda:1x256",
                "--scheduler ddim --steps 3 --guide color=#FFFFFF:40 --guide clip=bla,q:300,cuts=2 --clip-model " + CLIP
            })
    void a_picture_is_drawn_again_from_its_note(String options) throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDPM, Map.of("num_class_embeds", 4L));
        run("sample --model @/model --out @/out --seed 5 --count 3 --class 2 " + options);
        run("sample --from @/out/0002.png --out @/again");
        assertThat(Command.tree(folder.resolve("out"))).hasSize(options.contains("--guide") ? 5 : 4);
        assertThat(Files.readAllBytes(folder.resolve("again/0000.png")))
                .isEqualTo(Files.readAllBytes(folder.resolve("out/0002.png")));
        assertThat(Files.readAllBytes(folder.resolve("out/0001.png")))
                .isNotEqualTo(Files.readAllBytes(folder.resolve("out/0002.png")));
    }

    @Test
    void settings_of_the_scheduler_change_the_picture() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.EULER, Map.of());
        List<String> options =
                List.of("", " --scheduler-option use_karras_sigmas=true", " --scheduler-option s_churn=3");
        for (int i = 0; i < options.size(); i++) {
            run("sample --model @/model --out @/" + i + " --steps 4" + options.get(i));
            for (int k = 0; k < i; k++) {
                assertThat(pixels(i)).isNotEqualTo(pixels(k));
            }
        }
    }

    @Test
    void each_form_of_noise_draws_another_picture_and_a_large_card_the_same() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDPM, Map.of());
        List<String> forms =
                List.of("", " --noise-dtype f16", " --noise-dtype bf16", " --rng cuda", " --rng cuda:80x2048");
        for (int i = 0; i < forms.size(); i++) {
            run("sample --model @/model --out @/" + i + " --steps 4" + forms.get(i));
            for (int k = 0; k < Math.min(i, 3); k++) {
                assertThat(pixels(i)).isNotEqualTo(pixels(k));
            }
        }
        assertThat(pixels(4)).isEqualTo(pixels(3));
    }

    @Test
    void a_picture_is_drawn_again_where_its_model_has_moved() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of("class_embed_type", "timestep"));
        Path index = folder.resolve("model/model_index.json");
        Files.writeString(
                index,
                Files.readString(index)
                        .replace(
                                "\"unet\": [",
                                "\"vae\": [null, null], \"requires_safety_checker\": false, \"unet\": ["));
        run("sample --model @/model --out @/0 --steps 3 --class 12345");
        run("sample --model @/model --out @/1 --steps 3 --class 0");
        assertThat(pixels(0)).isNotEqualTo(pixels(1));
        Files.move(folder.resolve("model"), folder.resolve("elsewhere"));
        run("sample --from @/0/0000.png --model @/elsewhere --out @/2");
        assertThat(pixels(2)).isEqualTo(pixels(0));
    }

    @Test
    void grids_and_films_are_named_and_large_enough_to_see() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of("num_class_embeds", 10L));
        Command.Outcome outcome = Command.run(
                ("sample --steps 2 --class all --grid --film --model " + folder + "/model --out " + folder + "/0")
                        .split(" "));
        assertThat(outcome.out()).contains(folder + "/0/grid.png").contains(folder + "/0/film.png");
        BufferedImage grid = ImageIO.read(folder.resolve("0/grid.png").toFile());
        assertThat(grid.getWidth()).isEqualTo(10 * 66 + 2);
        assertThat(grid.getHeight()).isEqualTo(66 + 2);
        int level =
                ImageIO.read(folder.resolve("0/0001.png").toFile()).getRaster().getSample(7, 0, 0);
        assertThat(grid.getRGB(2 + 66 + 63, 2) & 0xff).isEqualTo(level);
        assertThat(ImageIO.read(folder.resolve("0/film.png").toFile()).getWidth())
                .isEqualTo(2 * 66 + 2);
    }

    @Test
    void row_r_of_the_grid_shows_class_r() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of("num_class_embeds", 10L));
        run("sample --model @/model --class all --count 8 --steps 2 --grid --out @/all");
        BufferedImage all = ImageIO.read(folder.resolve("all/grid.png").toFile());
        assertThat(all.getWidth()).isEqualTo(8 * 66 + 2);
        assertThat(all.getHeight()).isEqualTo(10 * 66 + 2);
        for (int label : new int[] {0, 7}) { // picture k of a call is drawn from seed k
            run("sample --model @/model --count 8 --steps 2 --grid --out @/row --class " + label + " --seed "
                    + 8 * label);
            BufferedImage row = ImageIO.read(folder.resolve("row/grid.png").toFile());
            assertThat(all.getRGB(0, label * 66, all.getWidth(), 66, null, 0, all.getWidth()))
                    .isEqualTo(row.getRGB(0, 0, row.getWidth(), 66, null, 0, row.getWidth()));
            run("sample --model @/model --count 8 --steps 2 --grid --out @/other --class 3 --seed " + 8 * label);
            assertThat(Files.readAllBytes(folder.resolve("other/grid.png")))
                    .isNotEqualTo(Files.readAllBytes(folder.resolve("row/grid.png")));
        }
    }

    @Test
    void a_guidance_that_does_nothing_or_other_than_it_says_is_told() {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of("num_class_embeds", 4L));
        String draw = "sample --model @/model --class 2 --steps 3 --out @/0 ";
        assertThat(said(draw + "--guide brightness=1:40,from=0.2,to=0.4"))
                .isEqualTo(
                        "diffuse: the guidance 'brightness=1:40,from=0.2,to=0.4' does nothing: none of the 3 steps lies"
                                + " between 0.2 and 0.4 of the way (they are 0.500 apart)");
        assertThat(said(draw + "--guidance-scale 3 --negative-class 1 --guidance-interval 0.6-0.9"))
                .contains("--guidance-interval keeps the guidance out of the whole run: none of the 3 steps");
        assertThat(said(draw + "--guide color=#FF0000:40")).contains("'color=#FF0000:40'", "colour's mean, 0.33");
        assertThat(folder.resolve("0/guidance.csv")).exists();
        run(draw);
        assertThat(folder.resolve("0/guidance.csv")).doesNotExist();
    }

    /** The one line on stderr. */
    private String said(String arguments) {
        Command.Outcome outcome =
                Command.run(arguments.replace("@", folder.toString()).split(" "));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.err().lines()).hasSize(1);
        return outcome.err().strip();
    }

    @Test
    void info_tells_how_a_picture_was_made_as_json() {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of());
        run("sample --model @/model --out @/0 --steps 2");
        String text = Command.run("info", folder + "/0/0000.png").out();
        assertThat(text).contains("parameters: ", "\ndiffusion4j:\n  {\n", "\"beta_start\": 0.0001,");
        assertThat(Yaml.parseObject(text, "info").get("diffusion4j")).isInstanceOf(Map.class);
        String model = Command.run("info", folder + "/model").out();
        assertThat(model)
                .contains("beta_start: 0.0001\n")
                .containsPattern("parameters: \\d+,\\d{3}\n")
                .containsPattern("unet/config.json: \"?[\\d.]+ (KiB|bytes)");
    }

    private int[] pixels(int drawn) throws IOException {
        var image = ImageIO.read(folder.resolve(drawn + "/0000.png").toFile());
        return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    }

    /** As diffusers' pipelines do: ScoreSdeVePipeline clamps to [0, 1], the others halve and shift first. */
    @ParameterizedTest
    @ValueSource(strings = {"score-sde-ve", "ddim"})
    void pixels_follow_from_the_samples_by_the_range_of_the_chain(String scheduler) throws IOException {
        SchedulerKind kind = scheduler.equals("ddim") ? SchedulerKind.DDIM : SchedulerKind.SCORE_SDE_VE;
        TinyModels.save(folder.resolve("model"), kind, Map.of());
        run("sample --model @/model --out @/0 --steps 3 --film --save-tensors @/raw.safetensors");
        float[] raw = TensorScope.compute(() -> {
            try (Safetensors file = Safetensors.open(folder.resolve("raw.safetensors"))) {
                return Tensors.floats(file.read("samples"));
            }
        });
        int[] pixels = pixels(0);
        boolean outside = false;
        for (int i = 0; i < raw.length; i++) {
            float unit = kind == SchedulerKind.DDIM ? raw[i] / 2 + 0.5f : raw[i];
            outside |= unit < 0 || unit > 1;
            assertThat(pixels[i]).isEqualTo((int) Math.rint(255 * Math.min(1, Math.max(0, unit))));
        }
        assertThat(outside || kind == SchedulerKind.DDIM).as("not clamped").isTrue();
        assertThat(Files.size(folder.resolve("0/film.png"))).isPositive();
    }
}
