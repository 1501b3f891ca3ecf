// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that train together. */
class ProcessesTest {
    private static final List<String> RUN = List.of(
            "--set=model.config.block_out_channels=[32]",
            "--set=model.config.layers_per_block=1",
            "--set=model.config.attention_head_dim=8",
            "--set=model.config.down_block_types=[AttnDownBlock2D]",
            "--set=model.config.up_block_types=[AttnUpBlock2D]",
            "--set=data.image_size=4",
            "--set=data.limit=64",
            "--set=training.dtype=f32",
            "--set=samples.count=0");

    private final List<Process> started = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void endThem() {
        started.forEach(Process::destroyForcibly);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static List<String> java() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                Diffuse.class.getName());
    }

    /** Starts a training; what it says is in {@code NAME.out} and {@code NAME.err}. */
    private Process train(String name, List<String> command, Map<String, String> place, Path out, String... more)
            throws IOException {
        List<String> words = new ArrayList<>(command);
        words.addAll(List.of("train", "quickstart", "--out", out.toString()));
        words.addAll(RUN);
        words.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(words)
                .redirectOutput(folder.resolve(name + ".out").toFile())
                .redirectError(folder.resolve(name + ".err").toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("OMP_NUM"));
        builder.environment().putAll(place);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    /** Two that train together, {@code first} and {@code second}. */
    private record Two(Process first, Process second) {}

    private Two trainTwo(List<String> command, Path out, String... more) throws IOException {
        int port = freePort();
        return new Two(
                train("first", command, place(0, port), out, more),
                train("second", command, place(1, port), out, more));
    }

    /** Two that would train for hours, once they are at it. */
    private Two trainTwoForLong() throws IOException, InterruptedException {
        Path run = folder.resolve("run");
        Two two = trainTwo(java(), run, "--set=training.max_steps=100000", "--set=training.checkpoint_every_steps=5");
        Path checkpoints = run.resolve("checkpoints");
        for (int i = 0; i < 600 && !Files.exists(checkpoints); i++) {
            Thread.sleep(100);
        }
        return two;
    }

    private static Map<String, String> place(int rank, int port) {
        return Map.of(
                "DIFFUSE_CLASSPATH", System.getProperty("java.class.path"), // for the launcher
                "RANK", String.valueOf(rank),
                "WORLD_SIZE", "2",
                "MASTER_ADDR", "127.0.0.1",
                "MASTER_PORT", String.valueOf(port),
                "OMP_NUM_THREADS", "1",
                "DIFFUSION4J_EXCHANGE_SECONDS", "20");
    }

    private String said(String name) throws IOException {
        return Files.readString(folder.resolve(name));
    }

    private static Map<String, String> weights(Path run, int step) throws IOException {
        Map<String, String> all = new TreeMap<>();
        for (String name : List.of("model", "optimizer")) {
            all.put(
                    name,
                    Hashes.sha256(run.resolve("checkpoints/step-0000000" + step).resolve(name + ".safetensors")));
        }
        return all;
    }

    private void end(Process process, String name, int code) throws IOException, InterruptedException {
        boolean hasEnded = process.waitFor(90, TimeUnit.SECONDS);
        String all = said(name + ".out") + said(name + ".err");
        assertThat(hasEnded).as(all).isTrue();
        assertThat(process.exitValue()).as(all).isEqualTo(code);
    }

    private void endWell(Two two) throws IOException, InterruptedException {
        end(two.first(), "first", 0);
        end(two.second(), "second", 0);
    }

    @Test
    void two_end_in_the_bytes_of_one_that_takes_batches_in_halves() throws Exception {
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        endWell(trainTwo(java(), two, "--set=training.max_steps=4", "--set=training.batch_size=8"));
        Process alone = train(
                "alone",
                java(),
                Map.of("OMP_NUM_THREADS", "2"),
                one,
                "--set=training.max_steps=4",
                "--set=training.batch_size=16");
        end(alone, "alone", 0);
        assertThat(weights(two, 4)).isEqualTo(weights(one, 4));
        assertThat(said("second.out").replaceAll("\\[Gloo\\].*\\R", "")).isEmpty();
        assertThat(said("second.err").replaceAll("WARNING: Using incubator.*\\R", ""))
                .isEmpty();
        assertThat(two.resolve("model/model_index.json")).exists();
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a shell script")
    void the_launcher_gives_the_output_to_the_command_alone() throws Exception {
        Path script = LauncherTest.copyTo(Files.createDirectory(folder.resolve("home")));
        endWell(trainTwo(List.of("bash", script.toString()), folder.resolve("run"), "--set=training.max_steps=1"));
        for (String learning : List.of("first.out", "first.err")) {
            assertThat(said(learning)).startsWith("quickstart").doesNotContain("[Gloo]");
        }
        for (String silent : List.of("second.out", "second.err")) {
            assertThat(said(silent)).as(silent).isEmpty();
        }
    }

    @Test
    @Tag("slow") // the others wait some seconds to be sure
    void the_end_of_one_ends_the_other_with_a_line_that_names_it() throws Exception {
        Two two = trainTwoForLong();
        two.second().destroyForcibly().waitFor();
        end(two.first(), "first", 1);
        assertThat(said("first.err").strip()).endsWith("process 1 of 2 no longer answers: killed, or cut off");
        assertThat(said("first.err")).doesNotContain("\tat ");
    }

    @Test
    @Tag("slow") // as above
    @DisabledOnOs(OS.WINDOWS)
    void a_first_process_that_is_stopped_does_not_hold_the_others_for_ever() throws Exception {
        Two two = trainTwoForLong();
        new ProcessBuilder("kill", "-STOP", String.valueOf(two.first().pid()))
                .start()
                .waitFor();
        end(two.second(), "second", 1);
        assertThat(said("second.err").strip())
                .endsWith("process 0 of 2, where they meet, no longer answers: stopped, or cut off");
        assertThat(said("second.err")).doesNotContain("\tat ");
    }
}
