// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A training process that is killed (SIGKILL) at ten random moments, and resumed each time, ends in the bytes of one that was left
 * alone. Minutes, so it is not in the default suite: {@code mvn verify -Dtest.excludedGroups= -Dtest.groups=slow}.
 */
@Tag("slow")
class KilledRunTest {
    private static final int KILLS = 10;
    private static final List<String> RUN = List.of(
            "--set=model.config.block_out_channels=[32, 32, 32]",
            "--set=data.image_size=12",
            "--set=data.limit=600",
            "--set=training.batch_size=16",
            "--set=training.max_steps=400",
            "--set=training.checkpoint_every_steps=7",
            "--set=samples.every_steps=50",
            "--set=samples.count=1",
            "--set=samples.steps=2");

    @TempDir
    Path folder;

    private Process start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                Diffuse.class.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("said.txt").toFile()))
                .start();
    }

    private Process train(Path out) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("train", "quickstart", "--out", out.toString()));
        arguments.addAll(RUN);
        return start(arguments);
    }

    private static TreeMap<String, String> contents(Path model) throws IOException {
        TreeMap<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(model)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(model.relativize(file).toString(), Hashes.sha256(file));
            }
        }
        return all;
    }

    @Test
    void ten_kills_change_no_byte() throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        long start = System.nanoTime();
        assertThat(train(whole).waitFor()).as(said()).isZero();
        long millis = (System.nanoTime() - start) / 1_000_000;

        Path killed = folder.resolve("killed");
        Random random = new Random(5);
        int kills = 0;
        Process process = train(killed);
        while (kills < KILLS) {
            long moment = 100 + random.nextLong(Math.max(2000, millis / 2));
            if (process.waitFor(moment, TimeUnit.MILLISECONDS)) {
                break; // it came to its end between two kills
            }
            process.destroyForcibly().waitFor();
            kills++;
            process = Files.exists(killed.resolve("recipe.yaml"))
                    ? start(List.of("train", "--resume", killed.toString()))
                    : train(killed);
        }
        assertThat(process.waitFor()).as(said()).isZero();
        System.out.println(kills + " kills");
        assertThat(kills).isEqualTo(KILLS);
        assertThat(contents(killed.resolve("model"))).isEqualTo(contents(whole.resolve("model")));
        assertThat(contents(killed.resolve("samples"))).isEqualTo(contents(whole.resolve("samples")));
    }

    private String said() throws IOException {
        Path file = folder.resolve("said.txt");
        return Files.exists(file) ? Files.readString(file) : "";
    }
}
