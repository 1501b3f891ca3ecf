// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How long the built-in recipes take on a machine, guessed from where they were run and from a probe of both machines. */
public final class RecipeTimes {
    /** The probe's best convolution where the times were seen: {@code bench/RESULTS.md}. */
    private static final double SEEN_GFLOPS = 727.2;
    /** A recipe up to this long is a first step; others have a preset that is. */
    private static final double FIRST_STEP_SECONDS = 900;

    private static final String WHOLE = "whole";
    private static final Map<String, @Nullable Object> SEEN = read();

    /**
     * A guess.
     *
     * @param low seconds, where half of the work is what the probe does
     * @param high seconds, where all of it is
     */
    public record Range(double low, double high) {}

    private RecipeTimes() {}

    private static Map<String, @Nullable Object> read() {
        try (InputStream in = RecipeTimes.class.getResourceAsStream("/recipes/times.yaml")) {
            if (in == null) {
                throw new IllegalStateException("recipes/times.yaml is not on the class path");
            }
            return Yaml.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8), "recipes/times.yaml");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * What a run takes on a machine whose probe gives {@code gflops}.
     *
     * @param preset {@code null} for the whole recipe
     * @return empty where it was not seen, or depends on the network that it starts from
     */
    public static Optional<Range> on(double gflops, String recipe, @Nullable String preset) {
        return seen(recipe, preset == null ? WHOLE : preset).map(seconds -> {
            double factor = SEEN_GFLOPS / gflops;
            double half = seconds * (1 + factor) / 2;
            return new Range(Math.min(half, seconds * factor), Math.max(half, seconds * factor));
        });
    }

    /** Whether the whole recipe is a first step; empty where nobody knows. */
    public static Optional<Boolean> isFirstStep(String recipe) {
        return seen(recipe, WHOLE).map(seconds -> seconds <= FIRST_STEP_SECONDS);
    }

    private static Optional<Double> seen(String recipe, String key) {
        return SEEN.get(recipe) instanceof Map<?, ?> times && Json.object(times).get(key) instanceof Number seconds
                ? Optional.of(seconds.doubleValue())
                : Optional.empty();
    }
}
