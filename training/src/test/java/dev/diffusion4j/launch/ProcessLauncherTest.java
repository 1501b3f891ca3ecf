// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two shells stand for two trainings: what they print, how they fail, and how they are ended. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the processes are shells, and are ended by signals")
@Timeout(60)
class ProcessLauncherTest {
    private static final BooleanSupplier GO_ON = () -> false;
    private static final String SLEEP = "while :; do sleep 0.05; done";

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final LaunchListener listener = new LaunchListener() {
        @Override
        public void onLine(int rank, String line, boolean isError) {
            lines.add(rank + (isError ? "! " : " ") + line);
        }

        @Override
        public void onNote(String note) {
            notes.add(note);
        }
    };

    private int launch(String script, BooleanSupplier stop, Consumer<LaunchPlan.Draft> edit) {
        LaunchPlan plan = LaunchPlan.of(List.of("sh", "-c", script), p -> {
            p.processes = 2;
            p.patience = Duration.ofMillis(50);
            p.failureGrace = Duration.ofSeconds(30);
            p.stopGrace = Duration.ofSeconds(30);
            edit.accept(p);
        });
        return new Launcher(plan, listener, Map.of()).run(stop);
    }

    private int launch(String script, int restarts) {
        return launch(script, GO_ON, p -> p.restarts = restarts);
    }

    @Test
    void each_process_knows_its_place_and_its_lines_are_whole() {
        int code = launch(
                "echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $MASTER_ADDR $TORCHELASTIC_RESTART_COUNT/$TORCHELASTIC_MAX_RESTARTS;"
                        + " echo to mend >&2; printf 'no end'; [ $MASTER_PORT -gt 0 ] && [ $OMP_NUM_THREADS -ge 1 ]",
                5);
        assertThat(code).isZero();
        assertThat(lines)
                .containsExactlyInAnyOrder(
                        "0 0/2 0/2 127.0.0.1 0/5",
                        "1 1/2 1/2 127.0.0.1 0/5",
                        "0! to mend",
                        "1! to mend",
                        "0 no end",
                        "1 no end");
        assertThat(notes).isEmpty();
    }

    @Test
    void after_a_failure_all_are_started_again_as_often_as_is_allowed() {
        String failing = "echo attempt $TORCHELASTIC_RESTART_COUNT; [ $RANK = 0 ] && " + SLEEP + "; exit 7";
        assertThat(launch("[ $TORCHELASTIC_RESTART_COUNT = 1 ] && exit 0; " + failing, 3))
                .isZero();
        assertThat(notes).containsExactly("rank 1 ended with exit code 7; all 2 are started again (1 of 3 restarts)");
        assertThat(lines).containsExactlyInAnyOrder("0 attempt 0", "1 attempt 0");
        notes.clear();
        assertThat(launch(failing, 1)).isEqualTo(7);
        assertThat(notes)
                .containsExactly(
                        "rank 1 ended with exit code 7; all 2 are started again (1 of 1 restart)",
                        "rank 1 ended with exit code 7; not started again after 1 restart");
    }

    @Test
    void a_command_that_was_called_wrongly_is_not_started_again() {
        assertThat(launch("exit 2", 3)).isEqualTo(2);
        assertThat(notes).singleElement().asString().endsWith("ended with exit code 2; not started again");
    }

    @Test
    void a_killed_process_is_named_with_its_signal() {
        assertThat(launch("[ $RANK = 0 ] && " + SLEEP + "; kill -9 $$", 0)).isEqualTo(1);
        assertThat(notes).singleElement().asString().startsWith("rank 1 was killed by signal 9 (SIGKILL");
    }

    @Test
    void a_stop_asks_all_and_waits_for_what_they_still_do() {
        String asked = "trap 'echo asked; exit 3' TERM; echo ready; " + SLEEP;
        assertThat(launch(asked, () -> lines.containsAll(List.of("0 ready", "1 ready")), p -> p.restarts = 3))
                .isEqualTo(3);
        assertThat(lines).contains("0 asked", "1 asked");
        assertThat(notes).isEmpty();
    }

    @Test
    void one_that_does_not_end_when_asked_is_killed() {
        String deaf = "[ $RANK = 0 ] && trap '' TERM; echo ready; " + SLEEP;
        assertThat(launch(
                        deaf,
                        () -> lines.containsAll(List.of("0 ready", "1 ready")),
                        p -> p.stopGrace = Duration.ofMillis(300)))
                .isEqualTo(143);
        assertThat(notes).containsExactly("rank 0 did not end when it was asked to, and is killed");
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0, processes", "2, -1, 0, restarts", "2, 0, 65536, masterPort"})
    void a_plan_names_the_field_that_is_wrong(int processes, int restarts, int port, String field) {
        assertThatThrownBy(() -> LaunchPlan.of(List.of("true"), p -> {
                    p.processes = processes;
                    p.restarts = restarts;
                    p.masterPort = port;
                }))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith(field + " must ");
    }

    @Test
    void a_port_in_use_a_command_that_is_not_there_and_a_launch_within_a_launch_are_one_line_each() throws IOException {
        try (ServerSocket used = new ServerSocket(0)) {
            int port = used.getLocalPort();
            assertThatThrownBy(() -> launch("exit 0", GO_ON, p -> p.masterPort = port))
                    .isInstanceOf(Problem.class)
                    .hasMessageStartingWith("masterPort must be free on this machine")
                    .hasMessageEndingWith("but was " + port);
        }
        LaunchPlan absent = LaunchPlan.of(List.of("./not-there"), p -> p.processes = 2);
        assertThatThrownBy(() -> new Launcher(absent, listener, Map.of()).run(GO_ON))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("cannot start the process of rank 0: ");
        Map<String, String> launched = Map.of("RANK", "1", "WORLD_SIZE", "2", "MASTER_ADDR", "127.0.0.1");
        assertThatThrownBy(() -> new Launcher(absent, listener, launched))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("itself one of 2 that were launched together (rank 1)");
    }

    @Test
    void a_process_notices_that_its_launcher_is_gone_but_reads_no_input_of_others() throws InterruptedException {
        CountDownLatch gone = new CountDownLatch(1);
        ByteArrayInputStream ended = new ByteArrayInputStream(new byte[2]);
        String pid = String.valueOf(ProcessHandle.current().pid());
        LauncherWatch.begin(Map.of(LauncherWatch.VARIABLE, pid), ended, gone::countDown);
        assertThat(ended.available()).isEqualTo(2);
        String parent =
                String.valueOf(ProcessHandle.current().parent().orElseThrow().pid());
        LauncherWatch.begin(Map.of(LauncherWatch.VARIABLE, parent), ended, gone::countDown);
        assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
    }
}
