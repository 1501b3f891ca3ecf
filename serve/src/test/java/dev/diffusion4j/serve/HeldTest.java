// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobState;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a server holds of jobs and pictures, and when it lets go of it. */
@Timeout(60)
class HeldTest {
    private static final String JOBS = "/api/v1/jobs";
    private static final String TEN =
            "{\"previews\":50,\"request\":{\"subject\":{\"prompts\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]},"
                    + "\"canvas\":{\"count\":10},\"sampling\":{\"steps\":%d}}}";
    private static final BufferedImage IMAGE = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        server = Tiny.server(c -> {});
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static String submitted(int steps) {
        return JOBS + "/" + Client.json(client.post(JOBS, TEN.formatted(steps))).get("id");
    }

    private static String events(String job) {
        return new String(client.get(job + "/events").body(), StandardCharsets.UTF_8);
    }

    private static Job running() throws InterruptedException {
        Tiny.await(() -> !server.service().jobs().isEmpty());
        return server.service().jobs().get(0);
    }

    @Test
    void of_a_job_that_is_over_no_picture_on_its_way_is_held() {
        String job = submitted(8);
        assertThat(events(job)).contains("event: preview", "event: done");
        assertThat(events(job)).contains("event: picture", "event: done").doesNotContain("event: preview");
    }

    @Test
    void a_job_that_is_deleted_ends_within_a_step_and_makes_room_for_the_next() throws Exception {
        String path = submitted(150);
        Job job = running();
        Tiny.await(() -> job.progress().step() >= 10);
        client.send(client.to(path).DELETE().build());
        int step = job.progress().step();
        Tiny.await(() -> job.state().isOver());
        assertThat(job.state()).isEqualTo(JobState.CANCELLED);
        assertThat(job.progress().step()).isBetween(step, step + 1);
        assertThat(job.progress().finished()).isZero();
        assertThat(events(path)).contains("event: cancelled").doesNotContain("event: preview");
        assertThat(client.post(Tiny.GENERATIONS, Tiny.SMALL).statusCode()).isEqualTo(200);
    }

    @Test
    void pictures_on_their_way_wait_for_a_slow_reader_sixteen_at_most_and_finished_ones_all() {
        try (Job job =
                server.service().submit(GenerationRequest.of(r -> r.prompt("a").steps(1)))) {
            ImageStream stream = new ImageStream();
            for (int i = 0; i < 20; i++) {
                stream.onPreview(job, 0, IMAGE);
            }
            assertThat(stream.waiting()).isEqualTo(16);
            stream.onPicture(job, new FinishedPicture(0, IMAGE, Map.of()));
            assertThat(stream.waiting()).isEqualTo(17);
        }
    }

    @Test
    void the_latest_job_of_a_caller_is_forgotten_when_it_is_over_and_no_later_one_with_it() {
        WebuiJobs jobs = new WebuiJobs();
        try (Job job = server.service()
                .submit(GenerationRequest.of(r -> r.prompt("a").steps(500).count(10)))) {
            WebuiJobs.Watched first = watched(job);
            WebuiJobs.Watched second = watched(job);
            jobs.put("me", first);
            jobs.put("me", second);
            jobs.forget("me", first);
            assertThat(jobs.running("me")).containsSame(second);
            assertThat(jobs.running("you")).isEmpty();
            jobs.forget("me", second);
            assertThat(jobs.running("me")).isEmpty();
            jobs.put("me", first);
            for (int i = 0; i < 1000; i++) {
                jobs.put("caller " + i, second);
            }
            assertThat(jobs.running("me")).isEmpty();
        }
    }

    @Test
    void the_latest_job_that_is_at_work_is_meant_whatever_ends_before() {
        WebuiJobs jobs = new WebuiJobs();
        try (Job job = server.service()
                .submit(GenerationRequest.of(r -> r.prompt("a").steps(500).count(10)))) {
            WebuiJobs.Watched first = watched(job);
            WebuiJobs.Watched second = watched(job);
            WebuiJobs.Watched third = watched(job);
            List.of(first, second, third).forEach(each -> jobs.put("me", each));
            jobs.forget("me", third);
            assertThat(jobs.running("me")).containsSame(second);
            jobs.forget("me", first);
            jobs.forget("me", first);
            assertThat(jobs.running("me")).containsSame(second);
            job.cancel(); // it takes effect within a step
            assertThatThrownBy(job::await).isInstanceOf(CancellationException.class);
            assertThat(jobs.running("me")).isEmpty();
        }
    }

    @Test
    void what_is_left_of_a_job_is_counted_from_its_turn() {
        try (Job busy = server.service()
                        .submit(GenerationRequest.of(
                                r -> r.prompt("a").steps(500).count(10)));
                Job job = server.service()
                        .submit(GenerationRequest.of(r -> r.prompt("a").steps(1)))) {
            WebuiJobs.Watched watched = watched(job);
            assertThat(watched.left(0.5)).isZero();
            busy.cancel();
            job.await();
            assertThat(watched.left(0.5)).isPositive().isEqualTo(job.time().toNanos() / 1e9);
        }
    }

    private static WebuiJobs.Watched watched(Job job) {
        WebuiJobs.Watched watched = new WebuiJobs.Watched();
        watched.start(job);
        return watched;
    }

    @Test
    void finished_pictures_are_kept_by_number_by_bytes_and_for_a_while() {
        AtomicLong now = new AtomicLong();
        Results results = new Results(Duration.ofNanos(100), 50, now::get);
        String first = results.put(new byte[30], PictureForm.Kind.PNG);
        String second = results.put(new byte[30], PictureForm.Kind.PNG);
        assertThat(results.get(first)).isEmpty();
        assertThat(results.get(second)).isPresent();
        now.set(100);
        assertThat(results.get(second)).isEmpty();
        String large = results.put(new byte[80], PictureForm.Kind.PNG);
        assertThat(results.get(large)).isPresent();
        String empty = results.put(new byte[0], PictureForm.Kind.PNG);
        for (int i = 0; i < 1000; i++) {
            results.put(new byte[0], PictureForm.Kind.PNG);
        }
        assertThat(results.get(empty)).isEmpty();
    }

    @Test
    void the_log_says_nothing_by_which_somebody_else_could_fetch_a_picture() throws Exception {
        try (LogLines lines = LogLines.of(Door.class)) {
            String job = submitted(1);
            events(job);
            client.get(job + "/pictures/0");
            String address = String.valueOf(Client.picture(
                            client.post(Tiny.GENERATIONS, Tiny.SMALL.replace("}", ",\"response_format\":\"url\"}")), 0)
                    .get("url"));
            client.get(address.substring(address.indexOf("/results")));
            Tiny.await(() -> lines.all().size() == 5);
            assertThat(String.join("\n", lines.all()))
                    .contains(
                            "GET /api/v1/jobs/…/events 200", "GET /api/v1/jobs/…/pictures/0 200", "GET /results/… 200")
                    .doesNotContain(job.substring(JOBS.length() + 1))
                    .doesNotContain("cat");
        }
    }
}
