// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.World;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Real groups over loopback, whose members are threads here. */
class GlooGroupTest {
    private static final ProcessTimes SHORT = new ProcessTimes(Duration.ofSeconds(30), Duration.ofSeconds(30));

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static ProcessPlace place(int rank, int size, int port) {
        return new ProcessPlace(new World(rank, size), rank, size, "127.0.0.1", port, false, 0);
    }

    private static <R> List<Future<R>> start(int size, int port, ProcessTimes times, Function<ProcessGroup, R> body) {
        ExecutorService threads = Executors.newFixedThreadPool(size);
        List<Future<R>> results = new ArrayList<>();
        for (int rank = 0; rank < size; rank++) {
            ProcessPlace place = place(rank, size, port);
            Callable<R> member = () -> {
                try (ProcessGroup group = GlooGroup.join(place, times)) {
                    return body.apply(group);
                }
            };
            results.add(threads.submit(member));
        }
        threads.shutdown();
        return results;
    }

    private static String message(Future<?> failed) throws InterruptedException {
        try {
            return "gave " + failed.get();
        } catch (ExecutionException e) {
            return e.getCause() instanceof Problem problem ? String.valueOf(problem.getMessage()) : e.toString();
        }
    }

    @Test
    void what_three_have_is_summed_spread_and_gathered() throws Exception {
        List<Future<List<Object>>> members = start(
                3,
                freePort(),
                SHORT,
                group -> TensorScope.compute(() -> {
                    int rank = group.world().rank();
                    Tensor sum = Tensors.of(new float[] {rank, 10f * rank}, 2);
                    ProcessGroup.Pending pending = group.beginSum(sum);
                    pending.await();
                    Tensor first = Tensors.ofLongs(rank + 7);
                    group.broadcast(first);
                    boolean[] done = {false};
                    group.first(() -> done[0] = true);
                    return List.of(
                            Tensors.floats(sum),
                            Tensors.longs(first)[0],
                            group.gather("é" + rank),
                            group.ofFirst("of " + rank),
                            group.sum(0.1, rank),
                            group.any(rank == 2),
                            done[0] == group.world().isFirst());
                }));
        for (Future<List<Object>> member : members) {
            List<Object> values = member.get();
            assertThat((float[]) values.get(0)).containsExactly(3, 30);
            assertThat(values.subList(1, 4)).isEqualTo(List.of(7L, List.of("é0", "é1", "é2"), "of 0"));
            assertThat((double[]) values.get(4)).containsExactly(0.1 + 0.1 + 0.1, 3);
            assertThat(values.subList(5, 7)).isEqualTo(List.of(true, true));
        }
    }

    @Test
    void who_fails_says_why_and_who_is_gone_is_named() throws Exception {
        List<Future<double[]>> failing = start(2, freePort(), SHORT, group -> {
            if (group.world().rank() == 1) {
                group.fail(Problem.failure("the disk is full"));
                return new double[0];
            }
            return group.sum(1);
        });
        assertThat(message(failing.get(0)))
                .isEqualTo("the training ended because process 1 of 2 failed: the disk is full");
        List<Future<double[]>> leaving = start(
                3,
                freePort(),
                SHORT,
                group -> group.any(false) || group.world().rank() == 2 ? new double[0] : group.sum(1));
        for (int rank : List.of(0, 1)) {
            assertThat(message(leaving.get(rank))).contains("process 2 of 3 no longer answers");
        }
    }

    @Test
    void what_was_asked_for_wrongly_is_so_for_the_others_too() throws Exception {
        List<Future<double[]>> members = start(2, freePort(), SHORT, group -> {
            if (group.world().isFirst()) {
                group.fail(Problem.request("choose another {out}"));
                return new double[0];
            }
            return group.sum(1);
        });
        assertThatThrownBy(() -> members.get(1).get())
                .hasCauseInstanceOf(Problem.class)
                .satisfies(e -> {
                    Problem said = (Problem) e.getCause();
                    assertThat(said.kind()).isEqualTo(Problem.Kind.REQUEST);
                    assertThat(said.worded(field -> "--" + field))
                            .isEqualTo("the training ended because process 0 of 2 failed: choose another --out");
                });
    }

    @Test
    void who_does_not_come_is_named() throws Exception {
        ProcessTimes impatient = new ProcessTimes(Duration.ofSeconds(1), Duration.ofSeconds(1));
        int port = freePort();
        assertThatThrownBy(() -> GlooGroup.join(place(1, 2, port), impatient))
                .hasMessageStartingWith("process 1 found nobody at 127.0.0.1:" + port)
                .hasMessageContaining("MASTER_ADDR and MASTER_PORT");
        assertThatThrownBy(() -> GlooGroup.join(place(0, 2, port), impatient))
                .hasMessageContaining("process 1 of 2 has not come in 1 s");
        ProcessPlace elsewhere = new ProcessPlace(new World(1, 2), 0, 1, "no.such.host.invalid", port, false, 0);
        assertThatThrownBy(() -> GlooGroup.join(elsewhere, impatient)).hasMessageContaining("the name is not known");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> GlooGroup.join(place(0, 2, taken.getLocalPort()), impatient))
                    .hasMessage(
                            "port " + taken.getLocalPort() + " is in use on this machine, so that the processes of the"
                                    + " training cannot meet there: set MASTER_PORT to another");
            assertThatThrownBy(() -> GlooGroup.join(place(1, 2, taken.getLocalPort()), impatient))
                    .hasMessageStartingWith("process 1 reached 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("what listens there does not answer");
        }
    }

    @Test
    void a_first_process_that_leaves_while_others_are_awaited_is_named() throws Exception {
        ProcessTimes impatient = new ProcessTimes(Duration.ofSeconds(3), Duration.ofSeconds(30));
        int port = freePort();
        List<Future<?>> members = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        for (int rank = 0; rank < 2; rank++) { // of three
            ProcessPlace place = place(rank, 3, port);
            ProcessTimes times = rank == 0 ? impatient : SHORT;
            members.add(threads.submit(() -> GlooGroup.join(place, times)));
        }
        threads.shutdown();
        assertThat(message(members.get(0))).contains("process 2 of 3 has not come in 3 s");
        assertThat(message(members.get(1)))
                .isEqualTo("the training ended because process 0 of 3, where they meet, is gone");
    }

    @Test
    void who_is_alive_and_does_not_come_is_named() throws Exception {
        ProcessTimes impatient = new ProcessTimes(Duration.ofSeconds(30), Duration.ofSeconds(2));
        List<Future<double[]>> members = start(2, freePort(), impatient, group -> {
            if (group.world().rank() == 1) {
                dev.diffusion4j.base.Interrupts.sleep(Duration.ofSeconds(7), "in the test");
                return new double[0];
            }
            return group.sum(1);
        });
        assertThat(message(members.get(0))).contains("process 1 of 2 lives, but has not come to an exchange in 2 s");
    }

    @Test
    void patience_is_a_whole_number_of_seconds() {
        assertThat(ProcessTimes.of(java.util.Map.of("DIFFUSION4J_EXCHANGE_SECONDS", "5"))
                        .exchange())
                .isEqualTo(Duration.ofSeconds(5));
        assertThatThrownBy(() -> ProcessTimes.of(java.util.Map.of("DIFFUSION4J_JOIN_SECONDS", "soon")))
                .isInstanceOf(Problem.class)
                .hasMessage("DIFFUSION4J_JOIN_SECONDS must be a whole number of seconds above 0, but was 'soon'");
    }
}
