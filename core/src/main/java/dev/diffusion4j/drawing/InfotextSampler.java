// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What A1111's webui and ComfyUI call the algorithms of this library. Where one of theirs has no equal here, {@link #isNear} says that the
 * nearest is taken: diffusers' own table of k-diffusion's names has the same ones.
 */
enum InfotextSampler {
    EULER_A("Euler a", "euler_ancestral", SchedulerKind.EULER_ANCESTRAL),
    EULER("Euler", "euler", SchedulerKind.EULER),
    LMS("LMS", "lms", SchedulerKind.LMS),
    HEUN("Heun", "heun", SchedulerKind.HEUN),
    DPM2("DPM2", "dpm_2", SchedulerKind.KDPM2, InfotextSchedule.KARRAS, false),
    DPM2_A("DPM2 a", "dpm_2_ancestral", SchedulerKind.KDPM2_ANCESTRAL, InfotextSchedule.KARRAS, false),
    DPMPP_2M(
            "DPM++ 2M",
            "dpmpp_2m",
            SchedulerKind.DPM_MULTISTEP,
            InfotextSchedule.KARRAS,
            false,
            solver("dpmsolver++", 2, "midpoint")),
    DPMPP_2M_SDE(
            "DPM++ 2M SDE",
            "dpmpp_2m_sde",
            SchedulerKind.DPM_MULTISTEP,
            InfotextSchedule.EXPONENTIAL,
            false,
            solver("sde-dpmsolver++", 2, "midpoint")),
    DPMPP_2M_SDE_HEUN(
            "DPM++ 2M SDE Heun",
            "dpmpp_2m_sde_heun",
            SchedulerKind.DPM_MULTISTEP,
            InfotextSchedule.EXPONENTIAL,
            false,
            solver("sde-dpmsolver++", 2, "heun")),
    DPMPP_3M_SDE(
            "DPM++ 3M SDE",
            "dpmpp_3m_sde",
            SchedulerKind.DPM_MULTISTEP,
            InfotextSchedule.EXPONENTIAL,
            true,
            solver("sde-dpmsolver++", 3, "midpoint")),
    DPMPP_2S_A(
            "DPM++ 2S a",
            "dpmpp_2s_ancestral",
            SchedulerKind.DPM_SINGLESTEP,
            InfotextSchedule.KARRAS,
            true,
            solver("dpmsolver++", 2, "midpoint")),
    DPMPP_SDE(
            "DPM++ SDE",
            "dpmpp_sde",
            SchedulerKind.DPM_SINGLESTEP,
            InfotextSchedule.KARRAS,
            true,
            solver("sde-dpmsolver++", 2, "midpoint")),
    DDIM("DDIM", "ddim", SchedulerKind.DDIM),
    PLMS("PLMS", "plms", SchedulerKind.PNDM, null, false, Map.of("skip_prk_steps", true)),
    UNIPC("UniPC", "uni_pc", SchedulerKind.UNIPC),
    LCM("LCM", "lcm", SchedulerKind.LCM),
    DEIS("DEIS", "deis", SchedulerKind.DEIS),
    DDPM("DDPM", "ddpm", SchedulerKind.DDPM);

    private final String webui;
    private final String comfy;
    private final SchedulerKind kind;
    private final @Nullable InfotextSchedule automatic;
    private final boolean near;
    private final Map<String, Object> options;

    InfotextSampler(String webui, String comfy, SchedulerKind kind) {
        this(webui, comfy, kind, null, false);
    }

    InfotextSampler(
            String webui, String comfy, SchedulerKind kind, @Nullable InfotextSchedule automatic, boolean near) {
        this(webui, comfy, kind, automatic, near, Map.of());
    }

    InfotextSampler(
            String webui,
            String comfy,
            SchedulerKind kind,
            @Nullable InfotextSchedule automatic,
            boolean near,
            Map<String, Object> options) {
        this.webui = webui;
        this.comfy = comfy;
        this.kind = kind;
        this.automatic = automatic;
        this.near = near;
        this.options = options;
    }

    private static Map<String, Object> solver(String type, int order, String midpoint) {
        return Map.of("algorithm_type", type, "solver_order", order, "solver_type", midpoint);
    }

    /**
     * By any of its names, without regard to capitals.
     *
     * @return empty where no algorithm here is like it
     */
    static Optional<InfotextSampler> named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.webui.equalsIgnoreCase(name) || each.comfy.equalsIgnoreCase(name))
                .findFirst()
                .or(() -> byAlias(name.toLowerCase(Locale.ROOT)));
    }

    private static Optional<InfotextSampler> byAlias(String name) {
        return Arrays.stream(values())
                .filter(each -> !each.near)
                .filter(each ->
                        each.kind.key().equals(name) || each.kind.otherNames().contains(name))
                .findFirst();
    }

    /** What a scheduler is called there; empty where it has no name there. */
    static Optional<InfotextSampler> of(SchedulerKind kind, Map<String, ?> config) {
        return Arrays.stream(values())
                .filter(each -> !each.near && each.kind == kind)
                .filter(each -> each.options.entrySet().stream()
                        .allMatch(option -> same(option.getValue(), config.get(option.getKey()))))
                .findFirst();
    }

    private static boolean same(Object one, @Nullable Object other) {
        return one instanceof Number number && other instanceof Number value
                ? number.doubleValue() == value.doubleValue()
                : String.valueOf(one).equals(String.valueOf(other));
    }

    /** The name in A1111's webui. */
    String webui() {
        return webui;
    }

    SchedulerKind kind() {
        return kind;
    }

    /** What "Automatic" means since version 1.9 of A1111's webui; {@code null} for the even spacing. */
    @Nullable
    InfotextSchedule automatic() {
        return automatic;
    }

    /** Whether it is only the nearest to what is called so there. */
    boolean isNear() {
        return near;
    }

    /** Changes to the scheduler, each {@code key=value}. */
    List<String> options() {
        return options.entrySet().stream()
                .map(option -> option.getKey() + "=" + option.getValue())
                .sorted()
                .toList();
    }
}
