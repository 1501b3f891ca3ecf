// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.StepOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to draw.
 *
 * @param count how many pictures
 * @param seed of the first; picture k has {@code seed + k}
 * @param steps denoising steps
 * @param eta share of fresh noise, for schedulers that take it
 * @param classes one class a picture, or {@code null} for a network without classes
 * @param size of the pictures; {@code null} for the size that the network was made for
 * @param batchSize pictures drawn together; less memory when smaller, the same pictures
 * @param noise where the noise comes from
 * @param stepOptions what only some schedulers heed
 * @param guidance away from pictures of no class, or of another
 * @param prompts one a picture, or {@code null} for a network that is told no words
 */
public record GenerationRequest(
        int count,
        long seed,
        int steps,
        double eta,
        @Nullable List<Integer> classes,
        @Nullable SampleSize size,
        int batchSize,
        NoiseMode noise,
        StepOptions stepOptions,
        ClassifierFree guidance,
        @Nullable List<String> prompts) {

    /** One picture, seed 0, 50 steps. */
    public static final GenerationRequest DEFAULT = new GenerationRequest(
            1, 0, 50, 0, null, null, 16, NoiseMode.PER_IMAGE, StepOptions.DEFAULT, ClassifierFree.OFF, null);

    public GenerationRequest {
        Check.positive(count, "count");
        Check.that(seed >= 0, "seed must be >= 0, but was " + seed);
        Check.that(
                seed <= Long.MAX_VALUE - count + 1,
                "seed + count - 1 must be at most " + Long.MAX_VALUE
                        + ", because picture k is drawn with seed + k; but seed was " + seed + " and count " + count);
        Check.positive(steps, "steps");
        Check.notNegative(eta, "eta");
        Check.positive(batchSize, "batch");
        if (classes != null) {
            classes = List.copyOf(classes);
            Check.that(classes.size() == count, "there are " + classes.size() + " classes for " + count + " pictures");
        }
        if (prompts != null) {
            prompts = List.copyOf(prompts);
            Check.that(prompts.size() == count, "there are " + prompts.size() + " prompts for " + count + " pictures");
        }
    }

    public GenerationRequest withCount(int value) {
        return new GenerationRequest(
                value, seed, steps, eta, classes, size, batchSize, noise, stepOptions, guidance, prompts);
    }

    public GenerationRequest withSeed(long value) {
        return new GenerationRequest(
                count, value, steps, eta, classes, size, batchSize, noise, stepOptions, guidance, prompts);
    }

    public GenerationRequest withSteps(int value) {
        return new GenerationRequest(
                count, seed, value, eta, classes, size, batchSize, noise, stepOptions, guidance, prompts);
    }

    public GenerationRequest withEta(double value) {
        return new GenerationRequest(
                count, seed, steps, value, classes, size, batchSize, noise, stepOptions, guidance, prompts);
    }

    /** One picture for each of these classes; sets the count too. */
    public GenerationRequest withClasses(List<Integer> value) {
        return new GenerationRequest(
                value.size(), seed, steps, eta, value, size, batchSize, noise, stepOptions, guidance, prompts);
    }

    /** One picture for each of these prompts; sets the count too. */
    public GenerationRequest withPrompts(List<String> value) {
        return new GenerationRequest(
                value.size(), seed, steps, eta, null, size, batchSize, noise, stepOptions, guidance, value);
    }

    /** Of these pictures only one, with that seed. */
    GenerationRequest only(int index) {
        return new GenerationRequest(
                1,
                seed + index,
                steps,
                eta,
                classes == null ? null : List.of(classes.get(index)),
                size,
                batchSize,
                noise,
                stepOptions,
                guidance,
                prompts == null ? null : List.of(prompts.get(index)));
    }

    /** {@link #withClasses} where classes are given; else unchanged. */
    public GenerationRequest withOptionalClasses(@Nullable List<Integer> value) {
        return value == null ? this : withClasses(value);
    }

    public GenerationRequest withSize(@Nullable SampleSize value) {
        return new GenerationRequest(
                count, seed, steps, eta, classes, value, batchSize, noise, stepOptions, guidance, prompts);
    }

    public GenerationRequest withBatchSize(int value) {
        return new GenerationRequest(
                count, seed, steps, eta, classes, size, value, noise, stepOptions, guidance, prompts);
    }

    /** With options that the scheduler must heed; see {@link StepOptions#checkFor}. */
    public GenerationRequest withStepOptions(StepOptions value) {
        return new GenerationRequest(
                count, seed, steps, eta, classes, size, batchSize, noise, value, guidance, prompts);
    }

    /** With classifier-free guidance, for a network with classes. */
    public GenerationRequest withGuidance(ClassifierFree value) {
        return new GenerationRequest(
                count, seed, steps, eta, classes, size, batchSize, noise, stepOptions, value, prompts);
    }

    public GenerationRequest withNoise(NoiseMode value) {
        return new GenerationRequest(
                count, seed, steps, eta, classes, size, batchSize, value, stepOptions, guidance, prompts);
    }
}
