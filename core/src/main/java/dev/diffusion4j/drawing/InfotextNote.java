// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.Toward;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseGenerator;
import dev.diffusion4j.text.LoraTag;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes how a picture was drawn in the words of A1111's webui, as far as it has words for it. */
final class InfotextNote {
    /** What this library's texts begin their version with. */
    static final String PROGRAM = "diffusion4j";

    /** Which of the pictures it is that were drawn together from one stream of noise. */
    static final String BATCH = "Batch pos";

    static final String REFINER_START = "Refiner switch at";

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
        String tags = note.loras().stream()
                .map(LoraChoice::parse)
                .map(InfotextNote::tag)
                .collect(Collectors.joining());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("Steps", String.valueOf(request.steps()));
        putSampler(note, settings);
        settings.put("CFG scale", number(request.guidance().weight()));
        if (request.inputs().imageGuidanceScale() != null) {
            settings.put("Image CFG scale", number(request.inputs().pictureScale()));
        }
        putSeed(request, settings);
        settings.put("Size", size.text());
        putModel(note, hashes, settings);
        putBasics(note, settings);
        putInputs(request.inputs(), settings);
        putNoise(note, settings);
        putRefiner(note, settings);
        putLoras(note, hashes, settings);
        settings.put("Version", PROGRAM + " " + RunManifest.libraryVersion());
        return new Infotext(
                textOf(request.prompts(), index) + tags,
                textOf(request.subject().negativePrompts(), index),
                settings);
    }

    private static void putSeed(GenerationRequest request, Map<String, String> settings) {
        settings.put("Seed", String.valueOf(request.seed()));
        Toward toward = request.canvas().toward();
        if (toward != null) {
            settings.put("Variation seed", String.valueOf(toward.seed()));
            settings.put("Variation seed strength", number(toward.from()));
        }
    }

    private static String tag(LoraChoice lora) {
        String scales = lora.scale() == lora.textScale()
                ? number(lora.scale())
                : number(lora.textScale()) + ":" + number(lora.scale());
        return " <lora:" + InfotextNames.ofLora(lora.path()) + ":" + scales + ">";
    }

    private static void putModel(GenerationNote note, InfotextHashes hashes, Map<String, String> settings) {
        if (hashes.model() != null) {
            settings.put("Model hash", hashes.model());
        }
        settings.put("Model", hashes.name());
        if (note.vae() != null) {
            settings.put("VAE", InfotextNames.of(Path.of(note.vae())));
        }
    }

    /** What that program writes of every picture; the rest stands behind it. */
    private static void putBasics(GenerationNote note, Map<String, String> settings) {
        GenerationRequest request = note.request();
        if (request.noise() == NoiseMode.SHARED) {
            settings.put(BATCH, String.valueOf(note.index()));
        }
        if (request.inputs().picture() != null) {
            settings.put("Denoising strength", number(request.inputs().amount()));
        }
        if (request.subject().clipSkip() > 0) {
            settings.put("Clip skip", String.valueOf(request.subject().clipSkip() + 1));
        }
        NoiseGenerator rng = request.canvas().rng();
        if (rng.equals(NoiseGenerator.CPU) || rng.equals(NoiseGenerator.CUDA)) {
            settings.put("RNG", rng.equals(NoiseGenerator.CPU) ? "CPU" : "NV"); // none means a card's own there
        }
        if (request.subject().promptSyntax() == PromptSyntax.PLAIN) {
            settings.put("Emphasis", "None");
        }
    }

    private static void putRefiner(GenerationNote note, Map<String, String> settings) {
        if (note.refiner() != null) {
            settings.put("Refiner", InfotextNames.of(Path.of(note.refiner())));
            Double start = note.request().sampling().refinerStart();
            if (start != null) {
                settings.put(REFINER_START, number(start));
            }
        }
    }

    /** Of the adapters in the weights, and of those that this picture's prompt asks for. */
    private static void putLoras(GenerationNote note, InfotextHashes hashes, Map<String, String> settings) {
        Stream<String> added =
                note.loras().stream().map(LoraChoice::parse).map(lora -> InfotextNames.ofLora(lora.path()));
        Stream<String> asked =
                note.request().subject().loras(note.index()).stream().map(LoraTag::name);
        String all = Stream.concat(added, asked)
                .distinct()
                .filter(hashes.loras()::containsKey)
                .map(name -> name + ": " + hashes.loras().get(name))
                .collect(Collectors.joining(", "));
        if (!all.isEmpty()) {
            settings.put("Lora hashes", all);
        }
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
        if (inputs.maskPadding() != null) {
            settings.put("Inpaint area", "Only masked");
            settings.put("Masked area padding", String.valueOf(inputs.maskPadding()));
        }
        for (int i = 0; i < inputs.control().size(); i++) {
            Control control = inputs.control().get(i);
            settings.put(
                    "ControlNet " + i,
                    "Module: none, Model: "
                            + (control.isOwn() ? "controlnet" : InfotextNames.of(Path.of(control.folder())))
                            + ", Weight: "
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
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.valueOf(value);
    }
}
