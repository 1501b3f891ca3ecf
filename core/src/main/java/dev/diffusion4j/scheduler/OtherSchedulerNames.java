// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What k-diffusion and the programs around it call the algorithms that diffusers names otherwise. */
final class OtherSchedulerNames {
    private static final Map<String, List<String>> BY_KEY = Map.ofEntries(
            Map.entry("pndm", List.of("plms")),
            Map.entry("lms", List.of("k_lms")),
            Map.entry("euler", List.of("k_euler")),
            Map.entry("euler-ancestral", List.of("euler_a", "k_euler_a", "k_euler_ancestral")),
            Map.entry("heun", List.of("k_heun")),
            Map.entry("kdpm2", List.of("dpm2", "k_dpm_2")),
            Map.entry("kdpm2-ancestral", List.of("dpm2_a", "k_dpm_2_a", "k_dpm_2_ancestral")),
            Map.entry(
                    "dpm-multistep",
                    List.of("dpmsolver++", "dpmsolver", "dpm_solver++", "dpm++", "dpm++ 2m", "dpmpp", "dpmpp_2m")),
            Map.entry("dpm-singlestep", List.of("dpm++ 2s", "dpmpp_2s", "dpmsolver_singlestep")),
            Map.entry("unipc", List.of("uni_pc", "uni_pc_multistep")),
            Map.entry("edm-euler", List.of("edm")),
            Map.entry("flow-match-euler", List.of("flow_match", "rectified_flow")),
            Map.entry("score-sde-ve", List.of("sde_ve", "score_sde")));

    private OtherSchedulerNames() {}

    /** diffusers' class name, with and without its ending, and the names elsewhere. */
    static List<String> of(Algorithm algorithm) {
        String name = algorithm.className();
        return Stream.concat(
                        Stream.of(name, name.replaceFirst("Scheduler$", "")),
                        BY_KEY.getOrDefault(algorithm.key(), List.of()).stream())
                .toList();
    }
}
