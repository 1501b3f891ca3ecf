// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the noise levels of a run are spaced, by the names of A1111's webui and of ComfyUI. */
enum InfotextSchedule {
    UNIFORM("Uniform", "normal", "", "linspace"),
    KARRAS("Karras", "karras", "use_karras_sigmas", "linspace"),
    EXPONENTIAL("Exponential", "exponential", "use_exponential_sigmas", "linspace"),
    BETA("Beta", "beta", "use_beta_sigmas", "linspace"),
    SGM_UNIFORM("SGM Uniform", "sgm_uniform", "", "trailing"),
    SIMPLE("Simple", "simple", "", "trailing"),
    DDIM("DDIM", "ddim_uniform", "", "leading");

    private static final List<String> SWITCHES =
            List.of("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas");
    private static final String SPACING = "timestep_spacing";
    private static final String OFFSET = "steps_offset";

    private final String webui;
    private final String comfy;
    private final String key;
    private final String spacing;

    InfotextSchedule(String webui, String comfy, String key, String spacing) {
        this.webui = webui;
        this.comfy = comfy;
        this.key = key;
        this.spacing = spacing;
    }

    static Optional<InfotextSchedule> named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.webui.equalsIgnoreCase(name) || each.comfy.equalsIgnoreCase(name))
                .findFirst();
    }

    /** A sampler's name with that of a spacing behind it, as they were written before version 1.9: {@code DPM++ 2M Karras}. */
    static Optional<InfotextSchedule> endOf(String sampler) {
        return Arrays.stream(values())
                .filter(each -> !each.without(sampler).equals(sampler))
                .findFirst();
    }

    /** The sampler's name without this at its end. */
    String without(String sampler) {
        for (String end : List.of(" " + webui, " " + comfy, "_" + comfy)) {
            if (sampler.length() > end.length()
                    && sampler.regionMatches(true, sampler.length() - end.length(), end, 0, end.length())) {
                return sampler.substring(0, sampler.length() - end.length());
            }
        }
        return sampler;
    }

    /** What a scheduler's config says; {@code null} where those programs have no name for it. */
    static @Nullable InfotextSchedule of(Map<String, ?> config) {
        for (InfotextSchedule each : values()) {
            if (!each.key.isEmpty() && Boolean.TRUE.equals(config.get(each.key))) {
                return each;
            }
        }
        Object spacing = config.get(SPACING);
        if ("leading".equals(spacing)) {
            return config.get(OFFSET) instanceof Number offset && offset.intValue() == 1 ? DDIM : null;
        }
        return "trailing".equals(spacing) ? SGM_UNIFORM : "linspace".equals(spacing) ? UNIFORM : null;
    }

    String webui() {
        return webui;
    }

    /**
     * Changes to a scheduler, each {@code key=value}.
     *
     * @param known the settings that it has
     * @param spaced whether timesteps are spaced as those programs do, and not as the model's config says
     */
    List<String> options(Map<String, ?> known, boolean spaced) {
        List<String> options = new ArrayList<>();
        SWITCHES.stream().filter(known::containsKey).forEach(each -> options.add(each + "=" + each.equals(key)));
        if ((spaced || key.isEmpty()) && known.containsKey(SPACING)) {
            options.add(SPACING + "=" + spacing);
            if (known.containsKey(OFFSET) && this == DDIM) {
                options.add(OFFSET + "=1");
            }
        }
        return options;
    }

    /** Whether a scheduler with these settings can be spaced so. */
    boolean fits(Map<String, ?> known) {
        return key.isEmpty() || known.containsKey(key);
    }
}
