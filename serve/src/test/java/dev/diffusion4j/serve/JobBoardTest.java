// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.ServiceRequest;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which jobs can still be asked for. */
@Timeout(60)
class JobBoardTest {
    private static DiffusionServer server;
    private static Uploads uploads;

    @BeforeAll
    static void start() {
        server = Tiny.server(c -> {});
        uploads = new Uploads();
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
        uploads.close();
    }

    private static JobBoard board(Duration life, long bytes) {
        return new JobBoard(life, bytes, ServerExtension.NONE);
    }

    private static KeptJob submitted(JobBoard board, String caller, int steps) {
        KeptJob kept = board.create(caller, uploads.batch(), false);
        ServiceRequest request = ServiceRequest.of(
                        GenerationRequest.of(r -> r.prompt("a").steps(steps)))
                .with(r -> r.model = "tiny");
        kept.start(server.service().submit(request, kept));
        board.add(kept);
        return kept;
    }

    private static KeptJob drawn(JobBoard board, String caller) throws InterruptedException {
        KeptJob kept = submitted(board, caller, 1);
        Tiny.await(kept::isOver);
        return kept;
    }

    private static void assertGone(JobBoard board, KeptJob job) {
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> board.get(job.id()))
                .withMessageContaining("no such job any more");
    }

    @Test
    void a_job_is_found_by_its_name_and_listed_for_its_caller_alone() throws InterruptedException {
        JobBoard board = board(Duration.ofHours(1), 1 << 20);
        KeptJob first = drawn(board, "me");
        KeptJob second = drawn(board, "me");
        KeptJob other = drawn(board, "you");
        assertThat(board.of("me")).containsExactly(first, second);
        assertThat(board.get(other.id())).isSameAs(other);
        assertThat(first.id()).hasSize(22).isNotEqualTo(second.id());
        board.remove(first);
        assertThat(board.of("me")).containsExactly(second);
        assertGone(board, first);
    }

    @Test
    void the_oldest_go_where_pictures_take_too_much_but_never_the_latest() throws InterruptedException {
        JobBoard board = board(Duration.ofHours(1), 1);
        KeptJob first = drawn(board, "me");
        assertThat(board.get(first.id())).isSameAs(first);
        KeptJob second = drawn(board, "me");
        assertGone(board, first);
        assertThat(board.get(second.id())).isSameAs(second);
    }

    @Test
    void what_is_over_goes_after_a_while_and_what_is_at_work_stays() throws InterruptedException {
        JobBoard board = board(Duration.ZERO, 1 << 20);
        KeptJob first = drawn(board, "me");
        assertGone(board, first);
        KeptJob running = submitted(board, "me", 500);
        assertThat(board.get(running.id())).isSameAs(running);
        running.job().cancel();
        Tiny.await(running::isOver);
        assertThat(board.of("me")).isEmpty();
    }
}
