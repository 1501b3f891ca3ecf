// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseGenerator;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes how a picture was drawn in the words of A1111's webui, as far as it has words for it. */
final class InfotextNote {
    /** What this library's texts begin their version with. */
    static final String PROGRAM = "diffusion4j";

    private InfotextNote() {}

    /**
     * Of one picture.
     *
     * @param note whose request is for this picture alone, or its batch
     * @param size of what was drawn
     * @param hashes of its files
     */
    static Infotext of(GenerationNote note, SampleSize size, InfotextHashes hashes) {
        GenerationRequest request = note.request();
        int index = note.index();
        List<LoraChoice> loras = note.loras().stream().map(LoraChoice::parse).toList();
        String prompt = textOf(request.prompts(), index);
        String negative = textOf(request.subject().negativePrompts(), index);
        String tags = loras.stream()
                .map(lora -> " <lora:" + InfotextHashes.name(lora.path()) + ":" + number(lora.scale()) + ">")
                .collect(Collectors.joining());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("Steps", String.valueOf(request.steps()));
        putSampler(note, settings);
        settings.put("CFG scale", number(request.guidance().weight()));
        if (request.inputs().imageGuidanceScale() != null) {
            settings.put("Image CFG scale", number(request.inputs().pictureScale()));
        }
        settings.put("Seed", String.valueOf(request.seed() + index));
        settings.put("Size", size.text());
        if (hashes.model() != null) {
            settings.put("Model hash", hashes.model());
        }
        settings.put("Model", InfotextHashes.name(Path.of(note.model())));
        putInputs(request.inputs(), settings);
        if (request.subject().clipSkip() > 0) {
            settings.put("Clip skip", String.valueOf(request.subject().clipSkip() + 1));
        }
        if (request.subject().promptSyntax() == PromptSyntax.PLAIN) {
            settings.put("Emphasis", "None");
        }
        putNoise(note, settings);
        if (!hashes.loras().isEmpty()) {
            settings.put(
                    "Lora hashes",
                    hashes.loras().entrySet().stream()
                            .map(each -> each.getKey() + ": " + each.getValue())
                            .collect(Collectors.joining(", ")));
        }
        settings.put("Version", PROGRAM + " " + RunManifest.libraryVersion());
        return new Infotext(prompt + tags, negative, settings);
    }

    private static String textOf(@Nullable List<String> texts, int index) {
        return texts == null ? "" : texts.get(Math.min(index, texts.size() - 1));
    }

    private static void putSampler(GenerationNote note, Map<String, String> settings) {
        SchedulerKind kind = SchedulerKind.ofClass(note.scheduler(), "this picture");
        InfotextSchedule schedule = InfotextSchedule.of(note.schedulerConfig());
        settings.put(
                "Sampler",
                InfotextSampler.of(kind, note.schedulerConfig())
                        .map(InfotextSampler::webui)
                        .orElse(kind.key()));
        if (schedule != null) {
            settings.put("Schedule type", schedule.webui());
        }
    }

    private static void putInputs(Inputs inputs, Map<String, String> settings) {
        if (inputs.picture() != null) {
            settings.put("Denoising strength", number(inputs.amount()));
        }
        if (inputs.maskPadding() != null) {
            settings.put("Inpaint area", "Only masked");
            settings.put("Masked area padding", String.valueOf(inputs.maskPadding()));
        }
        for (int i = 0; i < inputs.control().size(); i++) {
            Control control = inputs.control().get(i);
            settings.put(
                    "ControlNet " + i,
                    "Module: none, Model: " + InfotextHashes.name(Path.of(control.folder())) + ", Weight: "
                            + number(control.weight()) + ", Guidance Start: " + number(control.start())
                            + ", Guidance End: " + number(control.end()));
        }
    }

    private static void putNoise(GenerationNote note, Map<String, String> settings) {
        GenerationRequest request = note.request();
        if (request.eta() > 0) {
            settings.put(note.scheduler().startsWith("DDIM") ? "Eta DDIM" : "Eta", number(request.eta()));
        }
        if (request.stepOptions().sChurn() > 0) {
            settings.put("Sigma churn", number(request.stepOptions().sChurn()));
            settings.put("Sigma tmin", number(request.stepOptions().sTmin()));
            if (request.stepOptions().sTmax() != null) {
                settings.put("Sigma tmax", number(request.stepOptions().sTmax()));
            }
            settings.put("Sigma noise", number(request.stepOptions().sNoise()));
        }
        settings.put("RNG", generator(request.canvas().rng()));
    }

    private static String generator(NoiseGenerator rng) {
        return rng.equals(NoiseGenerator.CPU) ? "CPU" : rng.equals(NoiseGenerator.CUDA) ? "NV" : "GPU";
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.valueOf(value);
    }
}
