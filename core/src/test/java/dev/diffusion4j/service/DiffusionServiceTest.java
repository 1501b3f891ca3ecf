// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.testing.Callers;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a service promises to those who share it: turns, limits, ends, memory. No test depends on how fast anything is. */
@Timeout(120)
class DiffusionServiceTest {
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(6).seed(3));
    /** Of which no test draws all. */
    private static final GenerationRequest LONG =
            REQUEST.with(r -> r.steps(1000).count(100).batchSize(1));

    private static final ServiceConfig CONFIG = ServiceConfig.DEFAULT.with(c -> c.queue = 3);

    @TempDir
    Path folder;

    private static DiffusionPipeline loaded;
    private static DiffusionPipeline pipeline;

    @BeforeAll
    static void load() {
        loaded = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
        pipeline = loaded.withScheduler(SchedulerKind.DDIM);
        try (DiffusionService service = service(CONFIG)) {
            service.submit(REQUEST).await(); // what is made once per process is there from now on
        }
    }

    @AfterAll
    static void close() {
        loaded.close();
    }

    private static DiffusionService service(ServiceConfig config) {
        return DiffusionService.borrowing("tiny", pipeline, config);
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private static int[] expected(GenerationRequest request) {
        try (GenerationResult result = pipeline.generate(request)) {
            return pixels(result.images().get(0));
        }
    }

    /** Holds the worker after the first step of its job, until it is let go. */
    private static final class Gate implements JobListener {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch open = new CountDownLatch(1);
        final AtomicInteger steps = new AtomicInteger();

        @Override
        public void onProgress(Job job, JobProgress progress) {
            steps.incrementAndGet();
            begun.countDown();
            try {
                if (!open.await(1, TimeUnit.MINUTES)) {
                    throw new IllegalStateException("the gate was not opened");
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        static Gate within(DiffusionService service, GenerationRequest request) throws InterruptedException {
            Gate gate = new Gate();
            gate.job = service.submit(ServiceRequest.of(request), gate);
            gate.begun.await();
            return gate;
        }

        Job job;
    }

    @Test
    void pictures_are_those_of_the_pipeline_with_progress_previews_and_notes() {
        List<JobProgress> seen = Collections.synchronizedList(new ArrayList<>());
        List<Integer> previews = Collections.synchronizedList(new ArrayList<>());
        Set<String> threads = Collections.synchronizedSet(new TreeSet<>());
        JobListener listener = new JobListener() {
            @Override
            public void onProgress(Job job, JobProgress progress) {
                seen.add(progress);
                threads.add(Thread.currentThread().getName());
            }

            @Override
            public void onPreview(Job job, int index, BufferedImage preview) {
                previews.add(index);
            }
        };
        GenerationRequest two = REQUEST.with(r -> r.count(2).batchSize(1));
        try (DiffusionService service = service(CONFIG)) {
            Job job = service.submit(ServiceRequest.of(two).with(r -> r.previews = 2), listener);
            JobResult result = job.await();
            assertThat(job.state()).isEqualTo(JobState.DONE);
            assertThat(result.images()).hasSize(2).allSatisfy(image -> assertThat(image.getWidth())
                    .isEqualTo(16));
            assertThat(pixels(result.images().get(1))).isEqualTo(expected(REQUEST.with(r -> r.seed(4))));
            assertThat(result.pictures().get(1).notes().values())
                    .anySatisfy(note -> assertThat(note).contains("Seed: 4"));
            assertThat(result.pictures().get(1).png()).startsWith(new byte[] {(byte) 0x89, 'P', 'N', 'G'});
            assertThat(job.progress().share()).isEqualTo(1);
        }
        assertThat(seen).extracting(JobProgress::share).isSorted().hasSize(12);
        assertThat(previews).containsExactly(0, 0, 1, 1);
        assertThat(threads).containsExactly("diffusion4j-worker-1");
    }

    @Test
    void an_algorithm_and_losses_of_the_request_s_own_take_the_place_of_the_model_s() {
        LossGuidance darker = LossGuidance.of("darker", pictures -> pictures.mean(1, 2, 3), 5);
        SchedulerSelection euler = new SchedulerSelection(SchedulerKind.EULER, List.of(), 4);
        try (DiffusionService service = service(CONFIG);
                DiffusionPipeline other =
                        pipeline.withScheduler(SchedulerKind.EULER).steeredBy(List.of(darker));
                GenerationResult result = other.generate(REQUEST.with(r -> r.steps(4)))) {
            JobResult drawn = service.submit(ServiceRequest.of(REQUEST).with(r -> {
                        r.scheduler = euler;
                        r.guidances = List.of(darker);
                    }))
                    .await();
            assertThat(pixels(drawn.images().get(0)))
                    .isEqualTo(pixels(result.images().get(0)));
        }
    }

    @Test
    void jobs_have_their_turn_in_order_and_one_more_than_may_wait_is_refused_at_once() throws Exception {
        List<Long> order = Collections.synchronizedList(new ArrayList<>());
        try (DiffusionService service = service(CONFIG)) {
            Gate gate = Gate.within(service, REQUEST);
            List<Job> waiting = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Job job = service.submit(REQUEST);
                assertThat(job.waitingBefore()).isEqualTo(i);
                job.result().thenRun(() -> order.add(job.number()));
                waiting.add(job);
            }
            assertThat(service.jobs()).hasSize(4);
            assertThatExceptionOfType(QueueFullException.class)
                    .isThrownBy(() -> service.submit(REQUEST))
                    .withMessageContaining("3 wait");
            assertThat(waiting.get(1).cancel()).isTrue(); // and leaves its place to another
            Job last = service.submit(REQUEST);
            gate.open.countDown();
            last.await();
            assertThat(order)
                    .containsExactly(waiting.get(0).number(), waiting.get(2).number());
            assertThat(waiting.get(1).state()).isEqualTo(JobState.CANCELLED);
        }
    }

    @Test
    void a_cancelled_job_ends_within_one_step_and_frees_its_memory() throws Exception {
        try (DiffusionService service = service(CONFIG)) {
            long before = Pointer.totalCount();
            for (int i = 0; i < 3; i++) {
                Gate gate = Gate.within(service, LONG);
                assertThat(gate.job.cancel()).isTrue();
                gate.open.countDown();
                assertThatExceptionOfType(CancellationException.class).isThrownBy(gate.job::await);
                assertThat(gate.steps).hasValue(1);
                assertThat(gate.job.state()).isEqualTo(JobState.CANCELLED);
                assertThat(gate.job.cancel()).isFalse();
                assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
            }
            Gate closed = Gate.within(service, LONG);
            closed.job.close();
            Gate cancelled = new Gate();
            Future<JobResult> future =
                    service.submit(ServiceRequest.of(LONG), cancelled).result();
            assertThat(future.cancel(true)).isTrue();
            closed.open.countDown();
            service.submit(REQUEST).await();
            assertThat(closed.steps).hasValue(1);
            assertThat(cancelled.steps).hasValue(0);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        }
    }

    @Test
    void a_deadline_ends_jobs_at_work_and_jobs_that_wait() throws Exception {
        ServiceRequest brief = ServiceRequest.of(LONG).with(r -> r.timeout = Duration.ofMillis(300));
        try (DiffusionService service = service(CONFIG)) {
            Gate gate = Gate.within(service, LONG);
            Job waiting = service.submit(brief);
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(waiting::await)
                    .withMessageContaining("deadline");
            assertThat(waiting.state()).isEqualTo(JobState.EXPIRED);
            assertThat(gate.job.state()).isEqualTo(JobState.RUNNING);
            gate.job.close();
            gate.open.countDown();
            Job next = service.submit(brief);
            assertThatExceptionOfType(CancellationException.class).isThrownBy(next::await);
            assertThat(next.state()).isEqualTo(JobState.EXPIRED);
        }
    }

    @Test
    void an_interrupt_of_who_awaits_a_job_cancels_it() {
        try (DiffusionService service = service(CONFIG)) {
            Job job = service.submit(LONG);
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(job::await);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(service.submit(REQUEST).await().pictures()).hasSize(1); // once the other has ended
            assertThat(job.state()).isEqualTo(JobState.CANCELLED);
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> service.submit(REQUEST));
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void a_wrong_request_is_refused_as_it_is_handed_in_and_a_listener_s_error_ends_its_job_alone() {
        try (DiffusionService service = service(CONFIG)) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> service.submit(GenerationRequest.of(r -> r.prompt("a red cat"))));
            assertThat(service.jobs()).isEmpty();
            JobListener broken = new JobListener() {
                @Override
                public void onProgress(Job job, JobProgress progress) {
                    throw new IllegalStateException("enough");
                }
            };
            Job job = service.submit(ServiceRequest.of(REQUEST), broken);
            assertThatIllegalStateException().isThrownBy(job::await).withMessage("enough");
            assertThat(job.state()).isEqualTo(JobState.FAILED);
            JobListener waiting = new JobListener() {
                @Override
                public void onProgress(Job own, JobProgress progress) {
                    own.await();
                }
            };
            assertThatIllegalStateException()
                    .isThrownBy(() ->
                            service.submit(ServiceRequest.of(REQUEST), waiting).await())
                    .withMessageContaining("wait for itself");
            assertThat(service.submit(REQUEST).await().pictures()).hasSize(1);
        }
    }

    @Test
    void closing_lets_jobs_end_and_cancels_what_is_left_when_its_time_is_over() throws Exception {
        DiffusionService patient = service(CONFIG);
        Gate gate = Gate.within(patient, REQUEST);
        Job waiting = patient.submit(REQUEST);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(patient::close);
        while (isOpen(patient)) {
            Thread.onSpinWait();
        }
        gate.open.countDown();
        closed.join();
        assertThat(gate.job.state()).isEqualTo(JobState.DONE);
        assertThat(waiting.state()).isEqualTo(JobState.DONE);

        DiffusionService hasty = service(CONFIG);
        Job running = hasty.submit(LONG);
        Job other = hasty.submit(LONG);
        hasty.close(Duration.ofMillis(100));
        assertThat(List.of(running, other))
                .allSatisfy(job -> assertThat(job.state()).isEqualTo(JobState.CANCELLED));
        hasty.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> hasty.submit(REQUEST))
                .withMessageContaining("closed");
    }

    private static boolean isOpen(DiffusionService service) {
        try {
            service.submit(REQUEST).cancel();
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    @Test
    void many_callers_get_each_their_own_picture_from_a_few_threads_that_stay() throws Exception {
        Map<Long, int[]> pictures = new HashMap<>();
        for (long seed = 0; seed < 4; seed++) {
            long own = seed;
            pictures.put(seed, expected(REQUEST.with(r -> r.seed(own))));
        }
        ServiceConfig two = CONFIG.with(c -> {
            c.workers = 2;
            c.queue = 100;
        });
        ExecutorService callers = Callers.open();
        try (DiffusionService service = service(two)) {
            long before = Pointer.totalCount();
            List<Future<int[]>> drawn = IntStream.range(0, 60)
                    .mapToObj(i -> callers.submit(() -> {
                        try (Job job = service.submit(REQUEST.with(r -> r.seed(i % 4)))) {
                            if (i % 3 == 2) {
                                job.cancel();
                                return new int[0];
                            }
                            return pixels(job.await().images().get(0));
                        }
                    }))
                    .toList();
            for (int i = 0; i < drawn.size(); i++) {
                int[] picture = drawn.get(i).get();
                assertThat(picture).isEqualTo(i % 3 == 2 ? new int[0] : pictures.get((long) i % 4));
            }
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("diffusion4j-worker"))
                    .hasSizeLessThanOrEqualTo(2);
        } finally {
            callers.shutdown();
            callers.awaitTermination(1, TimeUnit.MINUTES);
        }
    }

    @Test
    void a_meter_and_the_flight_recorder_see_each_step() throws Exception {
        List<String> counted = Collections.synchronizedList(new ArrayList<>());
        ServiceMeter meter = new ServiceMeter() {
            @Override
            public void onSubmit() {
                counted.add("submitted");
            }

            @Override
            public void onStart(Duration waited) {
                counted.add("started");
                throw new IllegalStateException("which stays here");
            }

            @Override
            public void onStep(int pictures, Duration took) {
                counted.add("step of " + pictures);
            }

            @Override
            public void onEnd(JobState state, Duration ran) {
                counted.add(state.toString());
            }
        };
        Path file = folder.resolve("steps.jfr");
        try (DiffusionService service = service(CONFIG.with(c -> c.meter = meter));
                Recording recording = new Recording()) {
            recording.enable("dev.diffusion4j.DenoisingStep").withoutThreshold();
            recording.start();
            service.submit(REQUEST.with(r -> r.steps(2).count(2))).await();
            recording.stop();
            recording.dump(file);
        }
        assertThat(counted).containsExactly("submitted", "started", "step of 2", "step of 2", "DONE");
        assertThat(RecordingFile.readAllEvents(file)).hasSize(2).allSatisfy(event -> {
            assertThat(event.getString("model")).isEqualTo("tiny");
            assertThat(event.getInt("steps")).isEqualTo(2);
            assertThat(event.getInt("pictures")).isEqualTo(2);
        });
    }

    @Test
    void requests_that_allow_it_share_a_batch_and_each_has_its_own_pictures_and_its_own_end() throws Exception {
        List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
        ServiceMeter meter = new ServiceMeter() {
            @Override
            public void onStep(int pictures, Duration took) {
                batches.add(pictures);
            }
        };
        JobListener leaving = new JobListener() {
            @Override
            public void onProgress(Job job, JobProgress progress) {
                assertThat(progress.step()).isEqualTo(1);
                job.cancel();
            }
        };
        ServiceConfig config = CONFIG.with(c -> {
            c.meter = meter;
            c.queue = 10;
        });
        try (DiffusionService service = service(config)) {
            Gate gate = Gate.within(service, REQUEST);
            long before = Pointer.totalCount();
            ServiceRequest shared = ServiceRequest.of(REQUEST).with(r -> r.shares = true);
            Job two = service.submit(
                    shared.with(r -> r.drawing = REQUEST.with(d -> d.seed(20).count(2))));
            Job alone = service.submit(REQUEST.with(r -> r.seed(30)));
            Job other = service.submit(shared.with(r -> r.drawing = REQUEST.with(d -> d.steps(3))));
            Job gone = service.submit(shared.with(r -> r.drawing = REQUEST.with(d -> d.seed(40))), leaving);
            Job one = service.submit(shared.with(r -> r.drawing = REQUEST.with(d -> d.seed(50))));
            gate.open.countDown();
            assertThat(pixels(alone.await().images().get(0))).isEqualTo(expected(REQUEST.with(r -> r.seed(30))));
            assertThat(two.await().images()).hasSize(2);
            assertClose(two.await().images().get(1), REQUEST.with(r -> r.seed(21)));
            assertThat(two.await().pictures().get(1).notes().values())
                    .anySatisfy(note -> assertThat(note).contains("Seed: 21"));
            assertClose(one.await().images().get(0), REQUEST.with(r -> r.seed(50)));
            assertThatExceptionOfType(CancellationException.class).isThrownBy(gone::await);
            assertThat(pixels(other.await().images().get(0))).isEqualTo(expected(REQUEST.with(r -> r.steps(3))));
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        }
        assertThat(batches)
                .as("steps of one, of those that share, of one, of the one with other steps")
                .containsExactly(1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    }

    @Test
    void a_service_may_let_all_requests_share_a_batch() throws Exception {
        List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
        ServiceConfig config = CONFIG.with(c -> {
            c.shares = true;
            c.batch = 2;
            c.meter = new ServiceMeter() {
                @Override
                public void onStep(int pictures, Duration took) {
                    batches.add(pictures);
                }
            };
        });
        try (DiffusionService service = service(config)) {
            Gate gate = Gate.within(service, REQUEST.with(r -> r.steps(1)));
            List<Job> jobs = IntStream.range(0, 3)
                    .mapToObj(i -> service.submit(REQUEST.with(r -> r.seed(i).steps(1))))
                    .toList();
            gate.open.countDown();
            for (Job job : jobs) {
                job.await();
            }
        }
        assertThat(batches).containsExactly(1, 2, 1);
    }

    /** To a level of 255. */
    private static void assertClose(BufferedImage image, GenerationRequest request) {
        int[] alone = expected(request);
        int[] together = pixels(image);
        for (int i = 0; i < alone.length; i++) {
            assertThat(together[i] & 0xff).isCloseTo(alone[i] & 0xff, within(1));
        }
    }
}
