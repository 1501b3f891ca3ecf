// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlotCommandTest {
    @TempDir
    Path folder;

    private String run(String arguments) {
        Command.Outcome outcome =
                Command.run(arguments.replace("@", folder.toString()).split(" "));
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        return outcome.out();
    }

    private BufferedImage picture(String name) throws IOException {
        return ImageIO.read(folder.resolve(name).toFile());
    }

    @Test
    void schedules_and_noise() throws IOException {
        run("plot schedules --schedule linear,linear:0.001-0.004,squaredcos_cap_v2 --out @/s.png");
        run("plot guidance-schedules --out @/g.png");
        run("plot guidance-schedules --out @/g.png"); // a picture may be replaced by another
        run("plot noise --data shapes --size 16 --out @/strip.png");
        run("plot noise --kind grid --image @/strip.png --size 20 --out @/grid.png");
        assertThat(picture("s.png").getWidth()).isEqualTo(900);
        assertThat(picture("g.png").getHeight()).isEqualTo(480);
        assertThat(picture("strip.png").getWidth()).isEqualTo(512);
        assertThat(picture("grid.png").getWidth()).isEqualTo(15 * 22 + 2);
        Command.Outcome outcome =
                Command.run("plot", "noise", "--kind", "strips", "--data", "digits", "--out", "x.png");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("strip, grid, panels");
    }

    @Test
    void a_trace_of_forty_steps_has_five_figures_of_two_panels() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDPM, Map.of());
        run("plot trace --model @/model --scheduler ddim --steps 40 --out @/trace");
        assertThat(Command.tree(folder.resolve("trace")).stream().filter(name -> name.startsWith("step-")))
                .extracting(name -> name.substring(5, 9))
                .containsExactly("0000", "0010", "0020", "0030", "0039");
        assertThat(picture("trace/step-0030.png").getWidth()).isEqualTo(2 * (4 * 66 + 2) + 3 * 12);
        assertThat(picture("trace/grid.png").getHeight()).isEqualTo(4 * 10 + 2);
        assertThat(picture("trace/thumbnails.png").getWidth()).isEqualTo(15 * 10 + 2);
        assertThat(folder.resolve("trace/trace.gif")).exists();
    }

    @Test
    void the_ways_ends_are_the_seeds_own_pictures() throws IOException {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDIM, Map.of());
        run("plot interpolate --model @/model --steps 3 --seed 4 --to-seed 9 --count 5 --batch 2 --out @/between.png");
        run("sample --model @/model --steps 3 --seed 9 --grid --out @/last");
        BufferedImage strip = picture("between.png");
        assertThat(strip.getWidth()).isEqualTo(5 * 66 + 2);
        BufferedImage last = picture("last/grid.png");
        for (int i = 0; i < 64; i++) {
            assertThat(strip.getRGB(strip.getWidth() - 66 + i, 2 + i)).isEqualTo(last.getRGB(2 + i, 2 + i));
        }
    }

    @Test
    void several_runs_are_drawn_together() throws IOException {
        for (String run : new String[] {"a", "b"}) {
            Files.createDirectories(folder.resolve(run));
            StringBuilder lines = new StringBuilder();
            for (int step = 1; step <= 150; step++) {
                lines.append("{\"step\": " + step + ", \"loss\": " + 1.0 / step + ", \"lr\": 0.1, \"epoch\": "
                        + (step - 1) / 75 + ".0}\n");
            }
            Files.writeString(folder.resolve(run).resolve("metrics.jsonl"), lines);
        }
        String out = run("plot runs @/a @/b --out @/curves");
        assertThat(out).contains("a: 150 steps, mean loss of the last 100: 0.0109", "  epoch 2: mean loss 0.009");
        assertThat(Command.tree(folder.resolve("curves"))).hasSize(4);
        Command.Outcome outcome =
                Command.run("plot", "run", folder.resolve("a").toString(), "--key", "kid", "--out", "x");
        assertThat(outcome.err()).contains("no 'kid'");
    }
}
