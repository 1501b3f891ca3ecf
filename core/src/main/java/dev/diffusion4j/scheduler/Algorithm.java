// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.json.Records;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What there is to know of a sampling algorithm before it is configured: its names, its chain, and how a scheduler is made. */
public final class Algorithm {

    /** What a network was trained on; a scheduler can only be swapped for one of the same chain. */
    public enum Chain {
        /** A table of β. */
        BETAS,
        /** Noise levels of Karras et al. (2022). */
        EDM,
        /** Straight paths from data to noise. */
        FLOW,
        /** The variance-exploding equation of Song et al. (2021). */
        VARIANCE_EXPLODING,
        /** Continuous time; the network's time is the noise's variance. */
        CONTINUOUS,
        /** A mixture with uniform noise. */
        TOY
    }

    private final String key;
    private final String className;
    private final Chain chain;
    private final Function<Map<String, @Nullable Object>, Scheduler> factory;

    private Algorithm(
            String key, String className, Chain chain, Function<Map<String, @Nullable Object>, Scheduler> factory) {
        this.key = key;
        this.className = className;
        this.chain = chain;
        this.factory = factory;
    }

    /**
     * An algorithm whose settings are a record with the keys of {@code scheduler_config.json}.
     *
     * @param defaults what a file that leaves a key out means
     * @param constructor of the settings, and of the file's keys that are not among them
     */
    public static <C extends Record> Algorithm of(
            String key,
            String className,
            Chain chain,
            C defaults,
            BiFunction<C, Map<String, @Nullable Object>, Scheduler> constructor) {
        return new Algorithm(key, className, chain, json -> {
            Records.Bound<C> bound = Records.bindKnown(defaults, json, "scheduler config");
            return constructor.apply(bound.value(), bound.unknown());
        });
    }

    /** Its word, as for {@code --scheduler}. */
    public String key() {
        return key;
    }

    /** diffusers' name, as in {@code model_index.json}. */
    public String className() {
        return className;
    }

    /** What a network must have been trained on; a scheduler may be configured for another, see {@link Scheduler#chain()}. */
    public Chain chain() {
        return chain;
    }

    /**
     * From the keys of a {@code scheduler_config.json}: of this algorithm or of another one, whose common settings are taken
     * over, as diffusers' {@code from_config} does. Keys that begin with an underscore are ignored, as are those that the file
     * lists in {@code _use_default_values}.
     *
     * @throws IllegalArgumentException where a value is not allowed
     */
    public Scheduler create(Map<String, @Nullable Object> config) {
        Map<String, @Nullable Object> own = Records.settings(config);
        if (config.get("_use_default_values") instanceof List<?> defaulted) {
            defaulted.forEach(own::remove);
        }
        return factory.apply(own);
    }
}
