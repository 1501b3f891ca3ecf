// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.StepOptions;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What to draw. It is edited through a {@link RequestDraft}, and checked when the edit is done:
 *
 * <pre>{@code
 * GenerationRequest request = GenerationRequest.of(r -> r.classes(3, 7).seed(7).steps(30));
 * GenerationRequest other = request.with(r -> r.seed(8));
 * }</pre>
 *
 * @param subject what the pictures show
 * @param inputs pictures to start from
 * @param canvas how many, how large, from which noise
 * @param sampling steps
 * @param guidance how strongly the subject counts
 */
public record GenerationRequest(
        SubjectGroup subject, Inputs inputs, Canvas canvas, Sampling sampling, ClassifierFree guidance) {

    /** One picture, seed 0, 50 steps. */
    public static final GenerationRequest DEFAULT = new GenerationRequest(
            SubjectGroup.NOTHING, Inputs.NONE, Canvas.DEFAULT, Sampling.DEFAULT, ClassifierFree.OWN);

    public GenerationRequest {
        checkSize(subject.classes(), "classes", canvas.count());
        checkSize(subject.prompts(), "prompts", canvas.count());
        checkSize(subject.negativePrompts(), "negative prompts", canvas.count());
        checkSize(subject.prompts2(), "second prompts", canvas.count());
        checkSize(subject.negativePrompts2(), "second negative prompts", canvas.count());
    }

    private static void checkSize(@Nullable List<?> given, String name, int count) {
        Check.that(
                given == null || given.size() == count,
                "there are " + (given == null ? 0 : given.size()) + " " + name + " for " + count
                        + (count == 1 ? " picture" : " pictures"));
    }

    /** {@link #DEFAULT} with changes. */
    public static GenerationRequest of(Consumer<RequestDraft> edit) {
        return DEFAULT.with(edit);
    }

    /**
     * With changes, all checked together when {@code edit} returns.
     *
     * @throws IllegalArgumentException naming what does not fit
     */
    public GenerationRequest with(Consumer<RequestDraft> edit) {
        RequestDraft draft = new RequestDraft(this);
        edit.accept(draft);
        return draft.toRequest();
    }

    /** Of these pictures only one, with its noise. */
    public GenerationRequest only(int index) {
        return new GenerationRequest(subject.only(index), inputs, canvas.only(index), sampling, guidance);
    }

    /**
     * How many pictures from {@code first} are drawn together: no more than asked for, and all with the same adapters.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where a prompt cannot be read
     */
    public int together(int first) {
        return subject.sameLoras(first, Math.min(canvas.together(), count() - first));
    }

    /** In how many batches all are drawn. */
    public int batches() {
        int batches = 0;
        for (int first = 0; first < count(); first += together(first)) {
            batches++;
        }
        return batches;
    }

    /** How many pictures. */
    public int count() {
        return canvas.count();
    }

    /** Of the first picture; picture k has {@code seed + k}. */
    public long seed() {
        return canvas.seed();
    }

    /** Denoising steps. */
    public int steps() {
        return sampling.steps();
    }

    /** Share of fresh noise. */
    public double eta() {
        return sampling.eta();
    }

    /** One a picture, or {@code null}. */
    public @Nullable List<Integer> classes() {
        return subject.classes();
    }

    /** One a picture, or {@code null}. */
    public @Nullable List<String> prompts() {
        return subject.prompts();
    }

    /** Of the pictures; {@code null} for the size that the network was made for. */
    public @Nullable SampleSize size() {
        return canvas.size();
    }

    /** Pictures drawn together at most. */
    public int batchSize() {
        return canvas.batchSize();
    }

    /** Where the noise comes from. */
    public NoiseMode noise() {
        return canvas.noise();
    }

    /** What only some schedulers take. */
    public StepOptions stepOptions() {
        return sampling.options();
    }
}
