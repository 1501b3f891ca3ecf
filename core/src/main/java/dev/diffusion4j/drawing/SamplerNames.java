// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Algorithms by whatever name a caller knows them: this library's, those of A1111's webui and those of ComfyUI. */
public final class SamplerNames {
    private static final String AUTOMATIC = "automatic";

    private SamplerNames() {}

    /**
     * The algorithm of a name.
     *
     * @param sampler {@code euler_ancestral}, {@code Euler a} or {@code DPM++ 2M Karras}, in any case of letters; {@code null} for the model's own
     * @param spacing of the noise levels, {@code Karras}; {@code null} for what is usual there
     * @param steps denoising steps; {@code null} for as many as suit the algorithm
     * @return without the spacing where the algorithm that was named cannot be spaced so, see {@link #fits}
     * @throws Problem (a wrong request) where there is none of that name; {@link Problem#field()} is {@code spacing} where it is that
     */
    public static SchedulerSelection selection(
            @Nullable String sampler, @Nullable String spacing, @Nullable Integer steps) {
        Optional<InfotextSchedule> asked = schedule(spacing);
        if (sampler == null) {
            return new SchedulerSelection(
                    null, List.of(), steps, asked.map(InfotextSchedule::webui).orElse(null));
        }
        Optional<SchedulerKind> own = Arrays.stream(SchedulerKind.values())
                .filter(kind -> kind.key().equalsIgnoreCase(sampler))
                .findFirst();
        Optional<InfotextSampler> named = InfotextSampler.named(sampler);
        if (own.isPresent() && (spacing == null || asked.isPresent() || named.isEmpty())) {
            return selection(own.get(), List.of(), asked.orElse(null), steps);
        }
        Optional<InfotextSchedule> end = InfotextSchedule.endOf(sampler);
        InfotextSampler found = named.or(() -> end.flatMap(each -> InfotextSampler.named(each.without(sampler))))
                .orElseThrow(() -> unknown(sampler));
        return selection(found.kind(), found.options(), asked.or(() -> end).orElse(found.automatic()), steps);
    }

    private static SchedulerSelection selection(
            SchedulerKind kind, List<String> own, @Nullable InfotextSchedule schedule, @Nullable Integer steps) {
        List<String> options = new ArrayList<>(own);
        if (schedule != null) {
            options.addAll(spaced(kind, schedule));
        }
        return new SchedulerSelection(kind, options, steps);
    }

    /** Changes to an algorithm, each {@code key=value}; none where it cannot be spaced so. */
    private static List<String> spaced(SchedulerKind kind, InfotextSchedule schedule) {
        Map<String, ?> known = kind.create(Map.of()).config();
        return schedule.fits(known) ? schedule.options(known, false) : List.of();
    }

    /**
     * Changes to an algorithm that space its noise levels so, each {@code key=value}.
     *
     * @throws Problem (a wrong request) where there is no such spacing, or the algorithm cannot be spaced so
     */
    static List<String> spaced(SchedulerKind kind, String spacing) {
        if (!fits(kind, spacing)) {
            throw Problem.request("the {scheduler} '" + kind.key() + "' cannot space its noise levels as '" + spacing
                    + "' does: ask for no spacing, or choose another {scheduler}");
        }
        return schedule(spacing).map(schedule -> spaced(kind, schedule)).orElse(List.of());
    }

    /**
     * Whether the noise levels of an algorithm can be spaced so.
     *
     * @param spacing as for {@link #selection}; where none is asked for, any can
     * @throws Problem (a wrong request) where there is none of that name
     */
    public static boolean fits(SchedulerKind kind, @Nullable String spacing) {
        return schedule(spacing)
                .map(schedule -> !spaced(kind, schedule).isEmpty())
                .orElse(true);
    }

    private static Optional<InfotextSchedule> schedule(@Nullable String spacing) {
        if (spacing == null || spacing.isEmpty() || spacing.equalsIgnoreCase(AUTOMATIC)) {
            return Optional.empty();
        }
        return Optional.of(InfotextSchedule.named(spacing).orElseThrow(() -> Problem.request("there is no spacing '"
                        + spacing + "' of noise levels; there are " + String.join(", ", spacings()))
                .about("spacing")));
    }

    private static Problem unknown(String sampler) {
        return Problem.request("there is no {scheduler} '" + sampler + "'"
                + Keyed.hint(sampler, Arrays.asList(SchedulerKind.values())) + "; there are "
                + String.join(
                        ", ",
                        Arrays.stream(SchedulerKind.values()).map(Keyed::key).toList()));
    }

    /** The algorithms by their names in A1111's webui. */
    public static List<String> samplers() {
        return Arrays.stream(InfotextSampler.values())
                .map(InfotextSampler::webui)
                .toList();
    }

    /** The spacings of noise levels by their names there. */
    public static List<String> spacings() {
        return Arrays.stream(InfotextSchedule.values())
                .map(InfotextSchedule::webui)
                .toList();
    }
}
