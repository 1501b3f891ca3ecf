// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.SubjectGroup;
import dev.diffusion4j.text.LoraTag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Networks and adapters of the Hub that were distilled to draw in a few steps, as their model cards say. Most of their configs do not say so,
 * and a call keeps its defaults; where it asks for many more steps, or for guidance that they were not made for, one line says so.
 */
enum FewSteps {
    SD_TURBO("stabilityai/sd-turbo", 4, 1, "1 to 4 {steps} and {guidanceScale} 1"),
    SDXL_TURBO("stabilityai/sdxl-turbo", 4, 1, "1 to 4 {steps} and {guidanceScale} 1"),
    SDXL_LIGHTNING(
            "bytedance/sdxl-lightning",
            8,
            1,
            "as many {steps} as the file's name says, {guidanceScale} 1, and {scheduler} euler with {schedulerOptions}"
                    + " timestep_spacing=trailing"),
    HYPER_SD_CFG(
            "bytedance/hyper-sd",
            12,
            8,
            "as many {steps} as the file's name says, {guidanceScale} up to 8, and {scheduler} tcd, or ddim with {schedulerOptions}"
                    + " timestep_spacing=trailing"),
    HYPER_SD(
            "bytedance/hyper-sd",
            8,
            1,
            "as many {steps} as the file's name says, {guidanceScale} 1, and {scheduler} tcd, or ddim with {schedulerOptions}"
                    + " timestep_spacing=trailing"),
    LCM_LORA_SD(
            "latent-consistency/lcm-lora-sdv1-5", 8, 2, "2 to 8 {steps}, {guidanceScale} 1 to 2 and {scheduler} lcm"),
    LCM_LORA_XL("latent-consistency/lcm-lora-sdxl", 8, 2, "2 to 8 {steps}, {guidanceScale} 1 to 2 and {scheduler} lcm"),
    LCM_LORA_SSD(
            "latent-consistency/lcm-lora-ssd-1b", 8, 2, "2 to 8 {steps}, {guidanceScale} 1 to 2 and {scheduler} lcm"),
    /** Known by its config: the network takes the guidance scale as a number. */
    CONSISTENCY("", 8, Double.MAX_VALUE, "4 to 8 {steps} and {scheduler} lcm");

    private static final String UNET = "unet/config.json";
    private static final String KEEPS_GUIDANCE = "cfg";

    private final String id;
    private final int mostSteps;
    private final double mostGuidance;
    private final String advice;

    FewSteps(String id, int mostSteps, double mostGuidance, String advice) {
        this.id = id;
        this.mostSteps = mostSteps;
        this.mostGuidance = mostGuidance;
        this.advice = advice;
    }

    /**
     * A hint, where a request asks for what a model or adapter was not made for; empty where none of the names is known.
     *
     * @param folder of the model
     * @param places of the model and its adapters, as they were given
     * @param request with nothing left open, whose prompts may ask for more adapters
     */
    static Optional<String> hint(Path folder, List<Path> places, GenerationRequest request) {
        Map<String, @Nullable Object> unet = config(folder.resolve(UNET));
        List<String> names = new ArrayList<>(places.stream().map(Path::toString).toList());
        names.add(folder.toString());
        names.addAll(asked(request));
        Stream.of(config(folder.resolve("model_index.json")), unet)
                .forEach(config -> names.add(String.valueOf(config.get("_name_or_path"))));
        boolean isConsistency = unet.get("time_cond_proj_dim") != null;
        return Arrays.stream(values())
                .filter(known ->
                        known == CONSISTENCY ? isConsistency : names.stream().anyMatch(known::isNamed))
                .findFirst()
                .filter(known -> known.isExceeded(request))
                .map(known -> known.text(request));
    }

    /** Where the adapters are that the prompts ask for. */
    private static List<String> asked(GenerationRequest request) {
        SubjectGroup subject = request.subject();
        String from = subject.loraDir();
        List<String> names = from == null
                ? List.of()
                : IntStream.range(0, subject.size())
                        .mapToObj(subject::loras)
                        .flatMap(List::stream)
                        .map(LoraTag::name)
                        .distinct()
                        .toList();
        if (from == null || names.isEmpty()) {
            return List.of();
        }
        LoraShelf shelf = LoraShelf.of(Path.of(from));
        return names.stream().map(name -> shelf.find(name).toString()).toList();
    }

    private static Map<String, @Nullable Object> config(Path file) {
        return Files.isRegularFile(file) ? Json.readObject(file) : Map.of();
    }

    /** Whether a place is it: its id, with a revision or a file behind it, or a folder of the Hub's cache. */
    private boolean isNamed(String place) {
        String name = "/"
                + place.toLowerCase(Locale.ROOT)
                        .replace('\\', '/')
                        .replace("models--", "")
                        .replace("--", "/");
        int at = (name + "/").replace('@', '/').replace(':', '/').indexOf("/" + id + "/");
        return at >= 0 && (this != HYPER_SD_CFG || name.contains(KEEPS_GUIDANCE));
    }

    private boolean isExceeded(GenerationRequest request) {
        return request.steps() > mostSteps || request.guidance().weight() > mostGuidance;
    }

    private String text(GenerationRequest request) {
        String what = this == CONSISTENCY ? "this network, distilled for few steps," : id;
        return what + " suits " + advice + "; now it is drawn with {steps} " + request.steps() + " and {guidanceScale} "
                + request.guidance().weight();
    }
}
