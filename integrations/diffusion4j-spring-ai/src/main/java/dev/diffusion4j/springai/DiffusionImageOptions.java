// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai;

import dev.diffusion4j.base.Check;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.image.ImageOptions;

/**
 * How pictures are drawn; {@code null} for what the model's own options say, and else for what suits the network.
 *
 * @param model the name of one of the service's models
 * @param n pictures
 * @param width in pixels
 * @param height in pixels
 * @param seed of the first picture, picture k is drawn with the seed + k; some seed where there is none
 * @param steps of denoising
 * @param guidanceScale how strongly the prompt counts
 * @param negativePrompt what pictures are guided away from, beside messages with a negative weight
 * @param scheduler the algorithm by any name that it is known by: {@code ddim}, {@code dpm-multistep}, {@code DPM++ 2M Karras}
 * @param strength how much of a start picture is drawn anew, in (0, 1]
 * @param timeout after which a call ends, waiting included
 * @param mostPixels that a start picture may have
 */
public record DiffusionImageOptions(
        @Nullable String model,
        @Nullable Integer n,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable Long seed,
        @Nullable Integer steps,
        @Nullable Double guidanceScale,
        @Nullable String negativePrompt,
        @Nullable String scheduler,
        @Nullable Double strength,
        @Nullable Duration timeout,
        @Nullable Long mostPixels)
        implements ImageOptions {
    /** The one form of answers, in OpenAI's words. */
    public static final String BASE64 = "b64_json";

    /** All as suits the network. */
    public static final DiffusionImageOptions NONE = builder().build();

    public DiffusionImageOptions {
        checkPositive(n, "{n}");
        checkPositive(width, "{width}");
        checkPositive(height, "{height}");
        checkPositive(steps, "{steps}");
        Check.that(mostPixels == null || mostPixels > 0, "{mostPixels} must be > 0, but was " + mostPixels);
        Check.that((width == null) == (height == null), "give both {width} and {height}, or neither");
    }

    private static void checkPositive(@Nullable Integer value, String name) {
        Check.that(value == null || value > 0, name + " must be > 0, but was " + value);
    }

    /** With nothing set. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * These, where {@code other} says nothing else.
     *
     * @throws IllegalArgumentException where {@code other} asks for another form of answer than base64
     */
    public DiffusionImageOptions merged(@Nullable ImageOptions other) {
        if (other == null) {
            return this;
        }
        Check.that(
                other.getResponseFormat() == null || BASE64.equals(other.getResponseFormat()),
                "{responseFormat} must be '" + BASE64 + "', but was '" + other.getResponseFormat() + "'");
        DiffusionImageOptions own = other instanceof DiffusionImageOptions same ? same : NONE;
        boolean isSized = other.getWidth() != null || other.getHeight() != null;
        return new DiffusionImageOptions(
                first(other.getModel(), model),
                first(other.getN(), n),
                isSized ? other.getWidth() : width,
                isSized ? other.getHeight() : height,
                first(own.seed, seed),
                first(own.steps, steps),
                first(own.guidanceScale, guidanceScale),
                first(own.negativePrompt, negativePrompt),
                first(own.scheduler, scheduler),
                first(own.strength, strength),
                first(own.timeout, timeout),
                first(own.mostPixels, mostPixels));
    }

    private static <T> @Nullable T first(@Nullable T one, @Nullable T other) {
        return one == null ? other : one;
    }

    @Override
    public @Nullable Integer getN() {
        return n;
    }

    @Override
    public @Nullable String getModel() {
        return model;
    }

    @Override
    public @Nullable Integer getWidth() {
        return width;
    }

    @Override
    public @Nullable Integer getHeight() {
        return height;
    }

    /** {@value #BASE64}: pictures are PNG in base64. */
    @Override
    public String getResponseFormat() {
        return BASE64;
    }

    /** None: a style is said in the prompt. One that is asked for changes nothing. */
    @Override
    public @Nullable String getStyle() {
        return null;
    }

    /** Sets some. */
    public static final class Builder {
        private @Nullable String model;
        private @Nullable Integer n;
        private @Nullable Integer width;
        private @Nullable Integer height;
        private @Nullable Long seed;
        private @Nullable Integer steps;
        private @Nullable Double guidanceScale;
        private @Nullable String negativePrompt;
        private @Nullable String scheduler;
        private @Nullable Double strength;
        private @Nullable Duration timeout;
        private @Nullable Long mostPixels;

        private Builder() {}

        public Builder model(@Nullable String value) {
            model = value;
            return this;
        }

        public Builder n(@Nullable Integer value) {
            n = value;
            return this;
        }

        public Builder width(@Nullable Integer value) {
            width = value;
            return this;
        }

        public Builder height(@Nullable Integer value) {
            height = value;
            return this;
        }

        public Builder seed(@Nullable Long value) {
            seed = value;
            return this;
        }

        public Builder steps(@Nullable Integer value) {
            steps = value;
            return this;
        }

        public Builder guidanceScale(@Nullable Double value) {
            guidanceScale = value;
            return this;
        }

        public Builder negativePrompt(@Nullable String value) {
            negativePrompt = value;
            return this;
        }

        public Builder scheduler(@Nullable String value) {
            scheduler = value;
            return this;
        }

        public Builder strength(@Nullable Double value) {
            strength = value;
            return this;
        }

        public Builder timeout(@Nullable Duration value) {
            timeout = value;
            return this;
        }

        public Builder mostPixels(@Nullable Long value) {
            mostPixels = value;
            return this;
        }

        /** @throws IllegalArgumentException where one is not allowed */
        public DiffusionImageOptions build() {
            return new DiffusionImageOptions(
                    model,
                    n,
                    width,
                    height,
                    seed,
                    steps,
                    guidanceScale,
                    negativePrompt,
                    scheduler,
                    strength,
                    timeout,
                    mostPixels);
        }
    }
}
