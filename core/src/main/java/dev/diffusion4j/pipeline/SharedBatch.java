// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.pipeline.request.Canvas;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.SubjectGroup;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Requests of several callers that are drawn together, each with its own prompts, seeds and guidance scale. Each picture is the one that its
 * request gives alone, to rounding.
 */
public final class SharedBatch {
    private final DiffusionPipeline pipeline;
    private final List<GenerationRequest> requests;
    private final GenerationRequest joined;

    private SharedBatch(DiffusionPipeline pipeline, List<GenerationRequest> requests, GenerationRequest joined) {
        this.pipeline = pipeline;
        this.requests = List.copyOf(requests);
        this.joined = joined;
    }

    /**
     * What requests have in common that can be drawn together: equal for those, whatever their prompts, seeds and scales.
     *
     * @param pipeline that it is for; borrowed
     * @param request with nothing left open, {@link DiffusionPipeline#filled}
     * @return empty where it is drawn alone: in several batches, from a picture, a shared stream of noise or the way between two seeds, with adapters that its prompts ask
     *     for; or where the pipeline is steered or refined
     */
    public static Optional<Object> likeness(DiffusionPipeline pipeline, GenerationRequest request) {
        boolean isPlain = pipeline.setup().refiner() == null
                && pipeline.setup().steering().isEmpty();
        return isPlain && isAlone(request) ? Optional.of(likeness(request)) : Optional.empty();
    }

    /**
     * Requests as one batch.
     *
     * @param pipeline that each is for; borrowed
     * @param requests of one {@link #likeness}; at least one
     * @return empty where they are not
     */
    public static Optional<SharedBatch> of(DiffusionPipeline pipeline, List<GenerationRequest> requests) {
        Optional<Object> like = likeness(pipeline, requests.get(0));
        boolean isOne = like.isPresent()
                && requests.stream().allMatch(each -> likeness(pipeline, each).equals(like));
        return isOne ? Optional.of(new SharedBatch(pipeline, requests, joined(requests))) : Optional.empty();
    }

    /** Whether nothing of a request but its subjects, seeds and scale is its own. */
    private static boolean isAlone(GenerationRequest request) {
        return request.inputs().picture() == null
                && request.inputs().control().isEmpty()
                && request.noise() == NoiseMode.PER_IMAGE
                && request.canvas().toward() == null
                && request.batches() == 1
                && !PromptLoras.areAskedFor(request);
    }

    /** The same for requests that can be drawn together. */
    private static GenerationRequest likeness(GenerationRequest request) {
        SubjectGroup own = request.subject();
        SubjectGroup subject = new SubjectGroup(
                emptied(own.classes(), 0),
                emptied(own.prompts(), ""),
                own.negativeClass(),
                emptied(own.negativePrompts(), ""),
                emptied(own.prompts2(), ""),
                emptied(own.negativePrompts2(), ""),
                own.clipSkip(),
                own.promptSyntax(),
                own.loraDir());
        double scale = request.guidance().weight() == 1 ? 1 : 0;
        return new GenerationRequest(
                subject,
                request.inputs(),
                canvas(request, 1),
                request.sampling(),
                request.guidance().withScale(scale));
    }

    private static <T> @Nullable List<T> emptied(@Nullable List<T> all, T with) {
        return all == null ? null : List.of(with);
    }

    private static Canvas canvas(GenerationRequest request, int count) {
        Canvas own = request.canvas();
        return new Canvas(own.size(), count, 0, count, own.noise(), own.noiseDtype(), own.rng(), own.tiles(), null);
    }

    private static GenerationRequest joined(List<GenerationRequest> requests) {
        GenerationRequest first = requests.get(0);
        SubjectGroup own = first.subject();
        SubjectGroup subject = new SubjectGroup(
                all(requests, SubjectGroup::classes),
                all(requests, SubjectGroup::prompts),
                own.negativeClass(),
                all(requests, SubjectGroup::negativePrompts),
                all(requests, SubjectGroup::prompts2),
                all(requests, SubjectGroup::negativePrompts2),
                own.clipSkip(),
                own.promptSyntax(),
                own.loraDir());
        int count = requests.stream().mapToInt(GenerationRequest::count).sum();
        return new GenerationRequest(subject, first.inputs(), canvas(first, count), first.sampling(), first.guidance());
    }

    private static <T> @Nullable List<T> all(
            List<GenerationRequest> requests, Function<SubjectGroup, @Nullable List<T>> part) {
        if (part.apply(requests.get(0).subject()) == null) {
            return null;
        }
        List<T> all = new ArrayList<>();
        for (GenerationRequest request : requests) {
            List<T> own = part.apply(request.subject());
            all.addAll(own == null ? List.of() : own);
        }
        return all;
    }

    /** How many pictures all are together. */
    public int count() {
        return joined.count();
    }

    /**
     * Draws them.
     *
     * @param sink takes what was drawn of each request, by its place in the list; valid during the call only
     * @param listener is called after each step with the samples of all
     * @param cancellation lets another thread end the call within one step
     * @throws java.util.concurrent.CancellationException where it was cancelled, or the thread interrupted
     * @throws dev.diffusion4j.base.Problem where the network cannot draw what was asked for
     */
    public void draw(BiConsumer<Integer, GenerationResult> sink, StepListener listener, Cancellation cancellation) {
        List<Double> scales = requests.stream()
                .flatMap(each ->
                        Collections.nCopies(each.count(), each.guidance().weight()).stream())
                .toList();
        pipeline.ask(model -> {
            new PipelineCall(pipeline.setup(), pipeline.owned(), model, joined)
                    .each(scales, this::noise, (first, batch) -> handOut(batch, sink), listener, cancellation);
            return true;
        });
    }

    private NoiseSource noise(int first, int count) {
        long[] seeds = requests.stream()
                .flatMapToLong(each -> LongStream.range(0, each.count()).map(k -> each.seed() + k))
                .toArray();
        return NoiseSource.perImage(
                Arrays.copyOfRange(seeds, first, first + count), joined.canvas().noiseForm());
    }

    private void handOut(GenerationResult batch, BiConsumer<Integer, GenerationResult> sink) {
        int from = 0;
        for (int i = 0; i < requests.size(); i++) {
            int count = requests.get(i).count();
            try (GenerationResult own = batch.narrow(from, count)) {
                sink.accept(i, own);
            }
            from += count;
        }
    }
}
