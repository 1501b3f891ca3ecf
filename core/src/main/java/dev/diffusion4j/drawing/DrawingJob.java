// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.GuidanceSweep;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.SharedBatch;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.TerminalSignal;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A drawing that is ready to begin: the network is read, everything is checked. It draws pictures and hands them to a sink one by one,
 * with the notes that say how each was made; the command, a service and a page all call it.
 */
public final class DrawingJob implements AutoCloseable {
    private final DiffusionPipeline loaded;
    private final GuideKit kit;
    private final Chosen chosen;
    private final Path given;
    private final String model;
    private final int perRow;
    private final @Nullable Integer only;
    private @Nullable InfotextHashes hashes;
    private int holders = 1;
    private boolean closed;

    private DrawingJob(
            DiffusionPipeline loaded,
            GuideKit kit,
            Chosen chosen,
            Path given,
            String model,
            int perRow,
            @Nullable Integer only) {
        this.loaded = loaded;
        this.kit = kit;
        this.chosen = chosen;
        this.given = given;
        this.model = model;
        this.perRow = perRow;
        this.only = only;
    }

    /**
     * Reads the network and checks the plan; draws nothing.
     *
     * @param progress receives how much comes from the Hub
     * @param notice receives a line for each thing that will be otherwise than asked
     * @throws Problem naming what cannot be drawn so
     */
    public static DrawingJob open(DrawingPlan plan, HubProgress progress, Consumer<String> notice) {
        return open(plan, progress, notice, loaded -> plan);
    }

    /**
     * Makes ready to draw another program's picture again.
     *
     * @param plan of {@link InfotextDrawing#plan}
     * @param notice receives a line for each thing that makes it another picture
     * @throws Problem naming what cannot be drawn so
     */
    public static DrawingJob open(
            InfotextDrawing again, DrawingPlan plan, HubProgress progress, Consumer<String> notice) {
        return open(plan, progress, notice, loaded -> again.settled(loaded, plan, notice));
    }

    /** @param settle makes of a loaded pipeline what is drawn with it */
    private static DrawingJob open(
            DrawingPlan plan,
            HubProgress progress,
            Consumer<String> notice,
            Function<DiffusionPipeline, DrawingPlan> settle) {
        Path folder = PipelinePlace.folder(plan.model(), plan.loading().variant(), progress);
        GuideKit kit = new GuideKit(plan.clip(), notice);
        try {
            DiffusionPipeline loaded = DiffusionPipeline.load(folder, FetchedParts.of(plan.loading(), progress));
            try {
                loaded.loadingNotes().forEach(notice);
                GenerationRequest there = FetchedParts.of(plan.request(), progress);
                Chosen chosen =
                        chosen(settle.apply(loaded), there, loaded.steeredBy(kit.parseAll(plan.guides())), notice);
                FewSteps.hint(folder, places(plan), chosen.request()).ifPresent(notice);
                return new DrawingJob(
                        loaded,
                        kit,
                        chosen,
                        plan.model(),
                        folder.toString(),
                        plan.subject().perRow(loaded),
                        null);
            } catch (Throwable e) {
                loaded.close();
                throw e;
            }
        } catch (Throwable e) {
            kit.close();
            throw e;
        }
    }

    /**
     * Makes ready what a pipeline in memory draws, with all that it is set up with.
     *
     * @param pipeline stays its owner's to close, after this job
     * @param model what the notes of pictures call it
     * @throws Problem naming what cannot be drawn so
     */
    public static DrawingJob of(DiffusionPipeline pipeline, GenerationRequest request, Path model) {
        GenerationRequest whole = pipeline.filled(request);
        pipeline.check(whole);
        DiffusionPipeline view = pipeline.withScheduler(pipeline.scheduler()); // which is closed with the job, alone
        return new DrawingJob(
                view, new GuideKit(), new Chosen(view, whole), model, model.toString(), SubjectSelection.PER_ROW, null);
    }

    private static List<Path> places(DrawingPlan plan) {
        Stream<Path> adapters = plan.loading().loras().stream().map(LoraChoice::path);
        return Stream.concat(Stream.of(plan.model()), adapters).toList();
    }

    private static Chosen chosen(
            DrawingPlan plan, GenerationRequest asked, DiffusionPipeline steered, Consumer<String> notice) {
        GenerationRequest request = plan.subject().in(steered, asked, notice);
        Chosen chosen = plan.scheduler().on(steered, request);
        TerminalSignal.warning(chosen.pipeline().scheduler()).ifPresent(notice);
        chosen.pipeline().notices(chosen.request()).forEach(notice);
        GenerationRequest whole = chosen.pipeline().filled(chosen.request());
        return new Chosen(chosen.pipeline(), whole);
    }

    /**
     * Makes ready to draw a picture again.
     *
     * @param again which one, and what has moved since
     * @param notice receives a line for each thing that may make it another picture
     * @throws Problem where the picture has no note, or what it names is not there
     */
    public static DrawingJob open(DrawingAgain again, HubProgress progress, Consumer<String> notice) {
        Path folder = again.folder(progress);
        GuideKit kit = new GuideKit(again.clip(), notice);
        try {
            DiffusionPipeline loaded = DiffusionPipeline.load(folder, FetchedParts.of(again.loading(), progress));
            try {
                if (!loaded.modelHash().equals(again.modelHash())) {
                    notice.accept("the weights in " + folder
                            + " are not those that this picture was drawn with; it may differ");
                }
                GenerationNote note = again.note();
                DiffusionPipeline pipeline = loaded.withScheduler(again.scheduler(), note.schedulerConfig())
                        .steeredBy(kit.parseAll(note.guides()));
                Chosen chosen = new Chosen(pipeline, note.request());
                return new DrawingJob(
                        loaded, kit, chosen, again.place(), folder.toString(), SubjectSelection.PER_ROW, note.index());
            } catch (Throwable e) {
                loaded.close();
                throw e;
            }
        } catch (Throwable e) {
            kit.close();
            throw e;
        }
    }

    /** What is drawn with; ends with this job. */
    public DiffusionPipeline pipeline() {
        return chosen.pipeline();
    }

    /** What is drawn, with everything that only the network knew. */
    public GenerationRequest request() {
        return chosen.request();
    }

    /** How much counts of each adapter: those that were given, then those that prompts ask for. */
    public List<LoraApplied> lorasApplied() {
        return Stream.concat(pipeline().lorasApplied().stream(), pipeline().lorasApplied(request()).stream())
                .toList();
    }

    /** How many pictures the sink will get: one where a picture is drawn again. */
    public int count() {
        return only == null ? request().count() : 1;
    }

    /** Which picture of {@link #request()} a film is to watch. */
    public int firstPicture() {
        return only == null ? 0 : only;
    }

    /** How many pictures suit a row of a grid. */
    public int perRow() {
        return perRow;
    }

    /**
     * Draws. Memory does not grow with the number of pictures, unless the sink keeps them.
     *
     * @param sink takes each picture as it is drawn; stays its owner's to close
     * @param listener is called after each step
     * @param cancellation lets another thread end the job within one step; pictures that the sink has stay there
     * @throws java.util.concurrent.CancellationException where it was cancelled, or the thread interrupted
     * @throws Problem where a picture holds numbers that are not finite
     */
    public void draw(PictureSink sink, StepListener listener, Cancellation cancellation) {
        hold();
        try {
            pipeline().draw(request(), (first, batch) -> handOut(first, batch, sink), listener, cancellation);
        } finally {
            release();
        }
        sink.complete();
    }

    /**
     * Draws several jobs of one model together, where they can be: each picture is the one that its job draws alone, to rounding.
     *
     * @param jobs of the same pipeline, or views of it that are set up alike
     * @param sink takes each picture as soon as all are drawn
     * @param listener is called after each step with the samples of all, in the order of the jobs
     * @return whether they could; if not, nothing was done
     * @throws java.util.concurrent.CancellationException where it was cancelled, or the thread interrupted
     * @throws Problem where the model cannot draw them
     */
    public static boolean drawTogether(
            List<DrawingJob> jobs, SharedSink sink, StepListener listener, Cancellation cancellation) {
        List<GenerationRequest> requests =
                jobs.stream().map(DrawingJob::request).toList();
        Optional<SharedBatch> batch = SharedBatch.of(jobs.get(0).pipeline(), requests);
        List<DrawingJob> held = new ArrayList<>();
        try {
            for (DrawingJob job : jobs) {
                job.hold();
                held.add(job);
            }
            batch.ifPresent(all ->
                    all.draw((index, result) -> jobs.get(index).handOut(index, result, sink), listener, cancellation));
        } finally {
            held.forEach(DrawingJob::release);
        }
        return batch.isPresent();
    }

    private synchronized void hold() {
        if (closed) {
            throw new IllegalStateException("this job is closed");
        }
        holders++;
    }

    private synchronized void release() {
        holders--;
        if (holders == 0) {
            loaded.close();
            kit.close();
        }
    }

    private void handOut(int first, GenerationResult batch, PictureSink sink) {
        List<BufferedImage> images = batch.images();
        boolean latents = batch.hasLatents();
        SampleSize size = TensorScope.compute(() -> sizeOf(latents ? batch.decoded() : batch.samples()));
        for (int i = 0; i < images.size(); i++) {
            int index = first + i;
            if (only != null && only != index) {
                continue;
            }
            int place = i;
            BufferedImage image = images.get(i);
            TensorScope.run(() -> sink.accept(new DrawnPicture(
                    only == null ? index : 0,
                    count(),
                    image,
                    notes(index, size),
                    (latents ? batch.decoded() : batch.samples()).narrow(0, place, 1),
                    latents ? batch.samples().narrow(0, place, 1) : null)));
        }
    }

    /** Of a job that is drawn together with others. */
    private void handOut(int place, GenerationResult own, SharedSink sink) {
        try {
            handOut(0, own, (PictureSink) picture -> sink.accept(place, picture));
        } catch (CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            sink.fail(place, e);
        }
    }

    /** Equal for jobs that can be drawn together, where they are of one pipeline or views that are set up alike; empty for one that is drawn alone. */
    public Optional<Object> likeness() {
        return only == null ? SharedBatch.likeness(pipeline(), request()) : Optional.empty();
    }

    private static SampleSize sizeOf(Tensor pictures) {
        return new SampleSize((int) pictures.size(2), (int) pictures.size(3));
    }

    private Map<String, String> notes(int index, SampleSize size) {
        DiffusionPipeline pipeline = pipeline();
        if (hashes == null) {
            hashes = InfotextHashes.of(given, Path.of(model), pipeline, request());
        }
        return GenerationNote.of(model, pipeline, request(), index).notes(pipeline, size, hashes);
    }

    /**
     * Draws the same pictures with several guidance scales, one after the other.
     *
     * @param scales at least one
     * @throws java.util.concurrent.CancellationException where it was cancelled
     */
    public GuidanceSweep sweep(List<Double> scales, StepListener listener, Cancellation cancellation) {
        hold();
        try {
            return GuidanceSweep.draw(pipeline(), request(), scales, listener, cancellation);
        } finally {
            release();
        }
    }

    /** Frees the network and what guides needed, as soon as nothing draws any more; closing twice is fine. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            release();
        }
    }
}
