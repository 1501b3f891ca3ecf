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
 * A training process that is killed (SIGKILL) and resumed, again and again, ends in the bytes of one that was left alone. The test
 * with random moments takes minutes, so it is not in the default suite: {@code mvn verify -Dtest.excludedGroups=
 * -Dtest.groups=slow}.
 */
class KilledRunTest {
    private static final int KILLS = 10;
    private static final int PAIR_KILLS = 6;
    /** Attention with heads of eight channels at each level, so that our own loops for it do much of the work. */
    private static final List<String> RUN = List.of(
            "--set=model.config.block_out_channels=[32, 32, 32]",
            "--set=model.config.attention_head_dim=8",
            "--set=model.config.down_block_types=[AttnDownBlock2D, AttnDownBlock2D, AttnDownBlock2D]",
            "--set=model.config.up_block_types=[AttnUpBlock2D, AttnUpBlock2D, AttnUpBlock2D]",
            "--set=data.image_size=16",
            "--set=data.limit=600",
            "--set=training.batch_size=16",
            "--set=training.max_steps=400",
            "--set=training.checkpoint_every_steps=7",
            "--set=samples.every_steps=50",
            "--set=samples.count=1",
            "--set=samples.steps=2");

    private static final List<String> SMALL_RUN = List.of(
            "--set=model.config.block_out_channels=[32]",
            "--set=model.config.layers_per_block=1",
            "--set=model.config.attention_head_dim=8",
            "--set=model.config.down_block_types=[AttnDownBlock2D]",
            "--set=model.config.up_block_types=[AttnUpBlock2D]",
            "--set=data.image_size=4",
            "--set=data.limit=64",
            "--set=training.batch_size=4",
            "--set=training.max_steps=20",
            "--set=training.checkpoint_every_steps=4",
            "--set=samples.every_steps=10",
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

    private Process train(Path out, List<String> recipe) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("train", "quickstart", "--out", out.toString()));
        arguments.addAll(recipe);
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

    private static long checkpoints(Path run) throws IOException {
        Path folder = run.resolve("checkpoints");
        if (!Files.exists(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("step-"))
                    .mapToLong(name -> Long.parseLong(name.substring(5)))
                    .max()
                    .orElse(0);
        }
    }

    @Test
    void two_kills_change_no_byte() throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        Process undisturbed = train(whole, SMALL_RUN);
        Path killed = folder.resolve("killed");
        Process process = train(killed, SMALL_RUN);
        for (int kill = 0; kill < 2; kill++) {
            long before = checkpoints(killed);
            while (checkpoints(killed) == before && process.isAlive()) {
                Thread.sleep(5);
            }
            process.destroyForcibly().waitFor();
            process = start(List.of("train", "--resume", killed.toString()));
        }
        assertThat(process.waitFor()).as(said()).isZero();
        assertThat(undisturbed.waitFor()).as(said()).isZero();
        assertThat(contents(killed.resolve("model"))).isEqualTo(contents(whole.resolve("model")));
        assertThat(contents(killed.resolve("samples"))).isEqualTo(contents(whole.resolve("samples")));
    }

    @Tag("slow")
    @Test
    void ten_kills_change_no_byte() throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        Process undisturbed = train(whole, RUN);
        Path killed = folder.resolve("killed");
        Random random = new Random(5);
        Process process = train(killed, RUN);
        for (int kill = 0; kill < KILLS; kill++) {
            // at most 40 steps a kill, so that all fall within the 400; now and then while it is starting
            long steps = kill % 3 == 0 ? 0 : checkpoints(killed) + 1 + random.nextInt(25);
            while (checkpoints(killed) < steps && process.isAlive()) {
                Thread.sleep(5);
            }
            assertThat(process.waitFor(random.nextLong(1500), TimeUnit.MILLISECONDS))
                    .as("%d kills, then its end: %s", kill, said())
                    .isFalse();
            process.destroyForcibly().waitFor();
            process = Files.exists(killed.resolve("recipe.yaml"))
                    ? start(List.of("train", "--resume", killed.toString()))
                    : train(killed, RUN);
        }
        assertThat(undisturbed.waitFor()).as(said()).isZero();
        assertThat(process.waitFor()).as(said()).isZero();
        assertThat(contents(killed.resolve("model"))).isEqualTo(contents(whole.resolve("model")));
        assertThat(contents(killed.resolve("samples"))).isEqualTo(contents(whole.resolve("samples")));
    }

    @Tag("slow")
    @Test
    void kills_of_one_of_two_under_the_launcher_change_no_byte() throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        Process undisturbed = launch(whole);
        assertThat(undisturbed.waitFor()).as(said()).isZero();
        Path killed = folder.resolve("killed");
        Random random = new Random(7);
        Process launcher = launch(killed);
        for (int kill = 0; kill < PAIR_KILLS; kill++) {
            List<ProcessHandle> two = pair(launcher);
            // at most 60 of 400 steps a kill; now and then while they are starting
            long steps = kill % 3 == 0 ? 0 : checkpoints(killed) + 1 + random.nextInt(55);
            while (checkpoints(killed) < steps && launcher.isAlive()) {
                Thread.sleep(5);
            }
            assertThat(launcher.waitFor(random.nextLong(1500), TimeUnit.MILLISECONDS))
                    .as("%d kills, then its end: %s", kill, said())
                    .isFalse();
            two.get(random.nextInt(2)).destroyForcibly();
            for (ProcessHandle process : two) {
                process.onExit().join();
            }
        }
        assertThat(launcher.waitFor()).as(said()).isZero();
        assertThat(said().lines().filter(line -> line.contains("all 2 are started again")))
                .hasSize(PAIR_KILLS);
        assertThat(said()).doesNotContain("\tat ");
        assertThat(contents(killed.resolve("model"))).isEqualTo(contents(whole.resolve("model")));
        assertThat(contents(killed.resolve("samples"))).isEqualTo(contents(whole.resolve("samples")));
    }

    private Process launch(Path out) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "launch",
                "--nproc",
                "2",
                "--restarts",
                "" + PAIR_KILLS,
                "--",
                "train",
                "quickstart",
                "--out",
                out.toString()));
        arguments.addAll(SMALL_RUN);
        arguments.add("--set=training.max_steps=400");
        return start(arguments);
    }

    /** The processes of a launcher, once both are there. */
    private static List<ProcessHandle> pair(Process launcher) throws InterruptedException {
        while (launcher.children().count() < 2 && launcher.isAlive()) {
            Thread.sleep(5);
        }
        return launcher.children().toList();
    }

    private String said() throws IOException {
        Path file = folder.resolve("said.txt");
        return Files.exists(file) ? Files.readString(file) : "";
    }
}
