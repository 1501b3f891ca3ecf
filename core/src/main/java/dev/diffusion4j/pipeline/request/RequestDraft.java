// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.tensor.NoiseDtype;
import dev.diffusion4j.tensor.NoiseGenerator;
import dev.diffusion4j.text.PromptSyntax;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A {@link GenerationRequest} that is being edited. Nothing is checked before the edit is done, so the order of calls does not
 * matter. Where classes or prompts are set and no count is, there is one picture of each; a single one counts for all pictures.
 */
public final class RequestDraft {
    /** As many as other tools and LibTorch's generator on the CPU tell apart. */
    private static final long SEEDS = 1L << 32;

    private @Nullable List<Integer> classes;
    private @Nullable List<String> prompts;
    private @Nullable Integer negativeClass;
    private @Nullable List<String> negativePrompts;
    private @Nullable List<String> prompts2;
    private @Nullable List<String> negativePrompts2;
    private int clipSkip;
    private PromptSyntax promptSyntax;
    private @Nullable String loraDir;
    private @Nullable String picture;
    private @Nullable Double strength;
    private @Nullable String mask;
    private @Nullable Integer maskPadding;
    private @Nullable Double imageGuidanceScale;
    private List<Control> control;
    private boolean guessMode;
    private @Nullable SampleSize size;
    private int count;
    private long seed;
    private int batchSize;
    private NoiseMode noise;
    private NoiseDtype noiseDtype;
    private @Nullable Toward toward;
    private @Nullable Boolean tiles;
    private NoiseGenerator rng;
    private int steps;
    private double eta;
    private StepOptions options;
    private @Nullable Double refinerStart;
    private ClassifierFree guidance;
    private boolean isCounted;
    private boolean isNamed;

    RequestDraft(GenerationRequest from) {
        classes = from.classes();
        prompts = from.prompts();
        negativeClass = from.subject().negativeClass();
        negativePrompts = from.subject().negativePrompts();
        prompts2 = from.subject().prompts2();
        negativePrompts2 = from.subject().negativePrompts2();
        clipSkip = from.subject().clipSkip();
        promptSyntax = from.subject().promptSyntax();
        loraDir = from.subject().loraDir();
        picture = from.inputs().picture();
        strength = from.inputs().strength();
        mask = from.inputs().mask();
        maskPadding = from.inputs().maskPadding();
        imageGuidanceScale = from.inputs().imageGuidanceScale();
        control = from.inputs().control();
        guessMode = from.inputs().guessMode();
        size = from.size();
        count = from.count();
        seed = from.seed();
        batchSize = from.batchSize();
        noise = from.noise();
        noiseDtype = from.canvas().noiseDtype();
        tiles = from.canvas().tiles();
        rng = from.canvas().rng();
        toward = from.canvas().toward();
        steps = from.steps();
        eta = from.eta();
        options = from.stepOptions();
        refinerStart = from.sampling().refinerStart();
        guidance = from.guidance();
    }

    /** One picture of each class, or all of the only one; in place of prompts. */
    public RequestDraft classes(Integer... value) {
        return classes(Arrays.asList(value));
    }

    /** {@link #classes(Integer...)}; {@code null} for none. */
    public RequestDraft classes(@Nullable List<Integer> value) {
        classes = value;
        prompts = null;
        isNamed = true;
        return this;
    }

    /** What all pictures show; in place of classes. */
    public RequestDraft prompt(String value) {
        return prompts(List.of(value));
    }

    /** One picture of each prompt, or all of the only one; in place of classes. {@code null} for none. */
    public RequestDraft prompts(@Nullable List<String> value) {
        prompts = value;
        classes = null;
        isNamed = true;
        return this;
    }

    /** A class to guide away from, or {@code null} for nothing in particular. */
    public RequestDraft negativeClass(@Nullable Integer value) {
        negativeClass = value;
        return this;
    }

    /** What all pictures are guided away from. */
    public RequestDraft negativePrompt(String value) {
        return negativePrompts(List.of(value));
    }

    /** What each picture is guided away from, or one for all; {@code null} for nothing in particular. */
    public RequestDraft negativePrompts(@Nullable List<String> value) {
        negativePrompts = value;
        return this;
    }

    /** What the second text encoder of a network that has two is given, one a picture or one for all; {@code null} for the prompts. */
    public RequestDraft prompts2(@Nullable List<String> value) {
        prompts2 = value;
        return this;
    }

    /** The same for the negative prompts. */
    public RequestDraft negativePrompts2(@Nullable List<String> value) {
        negativePrompts2 = value;
        return this;
    }

    /** Blocks at the end of text encoders that are left out, counted as diffusers does; 0 is what the network was made for. */
    public RequestDraft clipSkip(int value) {
        clipSkip = value;
        return this;
    }

    /** What signs in prompts mean. */
    public RequestDraft promptSyntax(PromptSyntax value) {
        promptSyntax = value;
        return this;
    }

    /** The folder with the adapters that prompts ask for in {@code <lora:name:0.8>}; {@code null} for none. */
    public RequestDraft loraDir(@Nullable String value) {
        loraDir = value;
        return this;
    }

    /** The file of a picture to start from; {@code null} for noise. */
    public RequestDraft picture(@Nullable String value) {
        picture = value;
        return this;
    }

    /** How much of the picture is drawn anew, in (0, 1]; {@code null} for what is usual with the network. */
    public RequestDraft strength(@Nullable Double value) {
        strength = value;
        return this;
    }

    /** The file of a picture that is white where the start picture is drawn anew; {@code null} for everywhere. */
    public RequestDraft mask(@Nullable String value) {
        mask = value;
        return this;
    }

    /** Pixels around the white of the mask, of which alone is drawn; {@code null} for the whole picture. */
    public RequestDraft maskPadding(@Nullable Integer value) {
        maskPadding = value;
        return this;
    }

    /** How strongly a network that changes a picture keeps to it; {@code null} for what is usual. Below 1 nothing is guided. */
    public RequestDraft imageGuidanceScale(@Nullable Double value) {
        imageGuidanceScale = value;
        return this;
    }

    /** Networks that run beside the denoiser and make it follow pictures; none by default. */
    public RequestDraft control(List<Control> value) {
        control = value;
        return this;
    }

    /** diffusers' {@code guess_mode}: control networks count for the prompt's prediction alone, and their finer features less. */
    public RequestDraft guessMode(boolean value) {
        guessMode = value;
        return this;
    }

    /** Of the pictures; {@code null} for the size that the network was made for. */
    public RequestDraft size(@Nullable SampleSize value) {
        size = value;
        return this;
    }

    /** How many pictures. */
    public RequestDraft count(int value) {
        count = value;
        isCounted = true;
        return this;
    }

    /** Of the first picture; picture k has seed + k. */
    public RequestDraft seed(long value) {
        seed = value;
        return this;
    }

    /** Another seed, where the pictures lie on the way from one noise to the other; {@code null} where they do not. */
    public RequestDraft toward(@Nullable Toward value) {
        toward = value;
        return this;
    }

    /** Some seed, another one each time; the request says which. */
    public RequestDraft anySeed() {
        return seed(ThreadLocalRandom.current().nextLong(SEEDS));
    }

    /** Pictures drawn together at most; fewer need less memory. */
    public RequestDraft batchSize(int value) {
        batchSize = value;
        return this;
    }

    /** Where the noise comes from. */
    public RequestDraft noise(NoiseMode value) {
        noise = value;
        return this;
    }

    /** Whether latents and pictures are made of each other in tiles; {@code null} to choose by the memory that is free. */
    public RequestDraft tiles(@Nullable Boolean value) {
        tiles = value;
        return this;
    }

    /** The number format that noise is drawn in; on the CPU's generator another one is other noise for the same seed. */
    public RequestDraft noiseDtype(NoiseDtype value) {
        noiseDtype = value;
        return this;
    }

    /** Whose random numbers noise is made of. */
    public RequestDraft rng(NoiseGenerator value) {
        rng = value;
        return this;
    }

    /** Denoising steps. */
    public RequestDraft steps(int value) {
        steps = value;
        return this;
    }

    /** Share of fresh noise, for schedulers that take it. */
    public RequestDraft eta(double value) {
        eta = value;
        return this;
    }

    /** What only some schedulers take; see {@link StepOptions#checkFor}. */
    public RequestDraft stepOptions(StepOptions value) {
        options = value;
        return this;
    }

    /** The share of the noise levels at which a refiner takes over; {@code null} for one that is given finished pictures. */
    public RequestDraft refinerStart(@Nullable Double value) {
        refinerStart = value;
        return this;
    }

    /** Classifier-free guidance. */
    public RequestDraft guidance(ClassifierFree value) {
        guidance = value;
        return this;
    }

    /** Classifier-free guidance in all steps, away from nothing in particular. */
    public RequestDraft guidanceScale(double value) {
        return guidance(ClassifierFree.of(value));
    }

    GenerationRequest toRequest() {
        int named = classes != null ? classes.size() : prompts != null ? prompts.size() : 0;
        int pictures = isNamed && !isCounted && named > 0 ? named : count;
        return new GenerationRequest(
                new SubjectGroup(
                        forAll(classes, pictures),
                        forAll(prompts, pictures),
                        negativeClass,
                        forAll(negativePrompts, pictures),
                        forAll(prompts2, pictures),
                        forAll(negativePrompts2, pictures),
                        clipSkip,
                        promptSyntax,
                        loraDir),
                new Inputs(picture, strength, mask, maskPadding, imageGuidanceScale, control, guessMode),
                new Canvas(size, pictures, seed, batchSize, noise, noiseDtype, rng, tiles, toward),
                new Sampling(steps, eta, options, refinerStart),
                guidance);
    }

    /** One for each picture: as given, or the only one, which an earlier edit may have spread over another number of pictures. */
    private static <T> @Nullable List<T> forAll(@Nullable List<T> given, int pictures) {
        if (given == null || given.isEmpty() || given.size() == pictures) {
            return given;
        }
        T first = given.get(0);
        return given.stream().allMatch(first::equals) ? Collections.nCopies(Math.max(1, pictures), first) : given;
    }
}
