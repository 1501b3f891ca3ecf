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
     * @throws Problem (a wrong request) where there is none of that name
     */
    public static SchedulerSelection selection(
            @Nullable String sampler, @Nullable String spacing, @Nullable Integer steps) {
        if (sampler == null) {
            return new SchedulerSelection(null, List.of(), steps);
        }
        Optional<SchedulerKind> own = Arrays.stream(SchedulerKind.values())
                .filter(kind -> kind.key().equalsIgnoreCase(sampler))
                .findFirst();
        if (own.isPresent() && spacing == null) {
            return new SchedulerSelection(own.get(), List.of(), steps);
        }
        Optional<InfotextSchedule> end = InfotextSchedule.endOf(sampler);
        InfotextSampler found = InfotextSampler.named(sampler)
                .or(() -> end.flatMap(each -> InfotextSampler.named(each.without(sampler))))
                .orElseThrow(() -> unknown(sampler));
        InfotextSchedule schedule = schedule(spacing).or(() -> end).orElse(found.automatic());
        List<String> options = new ArrayList<>(found.options());
        if (schedule != null) {
            options.addAll(schedule.options(found.kind().create(Map.of()).config(), false));
        }
        return new SchedulerSelection(found.kind(), options, steps);
    }

    private static Optional<InfotextSchedule> schedule(@Nullable String spacing) {
        if (spacing == null || spacing.isEmpty() || spacing.equalsIgnoreCase(AUTOMATIC)) {
            return Optional.empty();
        }
        return Optional.of(InfotextSchedule.named(spacing)
                .orElseThrow(() -> Problem.request("there is no spacing '" + spacing + "' of noise levels; there are "
                        + String.join(", ", spacings()))));
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
