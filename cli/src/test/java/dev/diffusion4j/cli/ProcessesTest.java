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

    private Process train(String said, Map<String, String> place, Path out, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                Diffuse.class.getName(),
                "train",
                "quickstart",
                "--out",
                out.toString()));
        command.addAll(RUN);
        command.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(said).toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("OMP_NUM"));
        builder.environment().putAll(place);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static Map<String, String> place(int rank, int port) {
        return Map.of(
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

    private void end(Process process, String said, int code) throws IOException, InterruptedException {
        assertThat(process.waitFor(90, TimeUnit.SECONDS)).as(said(said)).isTrue();
        assertThat(process.exitValue()).as(said(said)).isEqualTo(code);
    }

    @Test
    void two_end_in_the_bytes_of_one_that_takes_batches_in_halves() throws Exception {
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        int port = freePort();
        String[] more = {"--set=training.max_steps=4", "--set=training.batch_size=8"};
        Process first = train("first.txt", place(0, port), two, more);
        Process second = train("second.txt", place(1, port), two, more);
        end(first, "first.txt", 0);
        end(second, "second.txt", 0);
        Process alone = train(
                "alone.txt",
                Map.of("OMP_NUM_THREADS", "2"),
                one,
                "--set=training.max_steps=4",
                "--set=training.batch_size=16");
        end(alone, "alone.txt", 0);
        assertThat(weights(two, 4)).isEqualTo(weights(one, 4));
        assertThat(said("second.txt").replaceAll("(\\[Gloo\\]|WARNING: Using incubator).*\\R", ""))
                .as("the second says nothing")
                .isBlank();
        assertThat(two.resolve("model/model_index.json")).exists();
    }

    @Test
    @Tag("slow") // the others wait some seconds to be sure
    void the_end_of_one_ends_the_other_with_a_line_that_names_it() throws Exception {
        Path run = folder.resolve("run");
        int port = freePort();
        String[] more = {"--set=training.max_steps=100000", "--set=training.checkpoint_every_steps=5"};
        Process first = train("first.txt", place(0, port), run, more);
        Process second = train("second.txt", place(1, port), run, more);
        Path checkpoints = run.resolve("checkpoints");
        for (int i = 0; i < 600 && !Files.exists(checkpoints); i++) {
            Thread.sleep(100);
        }
        second.destroyForcibly().waitFor();
        end(first, "first.txt", 1);
        assertThat(said("first.txt").strip()).endsWith("process 1 of 2 no longer answers: killed, or cut off");
        assertThat(said("first.txt")).doesNotContain("\tat ");
    }

    @Test
    @Tag("slow") // as above
    @DisabledOnOs(OS.WINDOWS)
    void a_first_process_that_is_stopped_does_not_hold_the_others_for_ever() throws Exception {
        Path run = folder.resolve("run");
        int port = freePort();
        String[] more = {"--set=training.max_steps=100000", "--set=training.checkpoint_every_steps=5"};
        Process first = train("first.txt", place(0, port), run, more);
        Process second = train("second.txt", place(1, port), run, more);
        Path checkpoints = run.resolve("checkpoints");
        for (int i = 0; i < 600 && !Files.exists(checkpoints); i++) {
            Thread.sleep(100);
        }
        new ProcessBuilder("kill", "-STOP", String.valueOf(first.pid())).start().waitFor();
        end(second, "second.txt", 1);
        assertThat(said("second.txt").strip())
                .endsWith("process 0 of 2, where they meet, no longer answers: stopped, or cut off");
        assertThat(said("second.txt")).doesNotContain("\tat ");
    }
}
