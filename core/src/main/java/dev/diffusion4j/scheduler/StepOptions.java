// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.json.Records;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What only some schedulers can be asked for in a run; the keys and defaults of diffusers' {@code step} and {@code set_timesteps}.
 * {@link Scheduler#stepOptions()} says which ones a scheduler uses.
 *
 * @param useClippedModelOutput whether DDIM derives ε̂ anew from the clipped x̂₀
 * @param sChurn Euler and EDM Euler: noise added before each step; Karras et al. (2022), algorithm 2
 * @param sTmin lowest σ at which it is added
 * @param sTmax highest σ at which it is added; {@code null} for any
 * @param sNoise its scale
 * @param mu how far a flow's levels are moved towards noise, where the config has {@code use_dynamic_shifting}; else {@code null}
 */
public record StepOptions(
        boolean useClippedModelOutput,
        double sChurn,
        double sTmin,
        @Nullable Double sTmax,
        double sNoise,
        @Nullable Double mu) {

    /** Nothing asked for. */
    public static final StepOptions DEFAULT = new StepOptions(false, 0, 0, null, 1, null);

    /** All keys. */
    public static final List<String> KEYS = Records.keys(StepOptions.class);

    /** A key that DDIM takes. */
    public static final String USE_CLIPPED_MODEL_OUTPUT = "use_clipped_model_output";
    /** A key that flows take. */
    public static final String MU = "mu";
    /** The keys of algorithms that may add noise before a step. */
    public static final Set<String> CHURN = Set.of("s_churn", "s_tmin", "s_tmax", "s_noise");

    public StepOptions {
        Check.notNegative(sChurn, "s_churn");
        Check.notNegative(sTmin, "s_tmin");
        Check.that(sTmax == null || sTmax >= sTmin, "s_tmax must be >= s_tmin (" + sTmin + "), but was " + sTmax);
        Check.finite(sNoise, "s_noise");
        if (mu != null) {
            Check.finite(mu, "mu");
        }
    }

    /** The keys of what differs from the defaults, in order. */
    public List<String> given() {
        Map<String, @Nullable Object> own = Records.toMap(this);
        Map<String, @Nullable Object> defaults = Records.toMap(DEFAULT);
        List<String> given = new ArrayList<>();
        own.forEach((key, value) -> {
            if (!Objects.equals(value, defaults.get(key))) {
                given.add(key);
            }
        });
        return given;
    }

    /** @throws IllegalArgumentException where something is asked for that {@code scheduler} does not use */
    public void checkFor(Scheduler scheduler) {
        for (String key : given()) {
            Set<String> known = scheduler.stepOptions();
            Check.that(
                    known.contains(key),
                    "the scheduler '" + scheduler.algorithm().key() + "' takes no " + key + Nearest.hint(key, known)
                            + "; of this kind it takes "
                            + (known.isEmpty()
                                    ? "nothing"
                                    : String.join(", ", known.stream().sorted().toList())));
        }
    }
}
