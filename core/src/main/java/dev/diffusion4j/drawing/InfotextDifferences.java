// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseGenerator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How a picture that is drawn again from another program's text will differ, and with what algorithm it is drawn. */
record InfotextDifferences(Infotext text, Path picture) {
    private static final Set<String> REDONE = Set.of(
            "Steps",
            "Sampler",
            "Schedule type",
            "Scheduler",
            "CFG scale",
            "Image CFG scale",
            "Seed",
            "Size",
            "First pass size",
            "Denoising strength",
            "Clip skip",
            "Emphasis",
            "Eta DDIM",
            "RNG",
            "VAE",
            "Inpaint area",
            "Masked area padding",
            "Noise Schedule");
    /** What brackets may mean; the rest is of other programs. */
    private static final Set<String> EMPHASES = Set.of("Original", "None");

    private static final Set<String> GENERATORS = Set.of("CPU", "GPU", "NV", "cuda");
    /** They name files and programs, or what happened to have no influence. */
    private static final Set<String> SAYING = Set.of(
            "Model",
            "Model hash",
            "VAE hash",
            "Lora hashes",
            "TI hashes",
            "Hashes",
            "Version",
            "User",
            "Init image hash",
            "Batch size",
            InfotextNote.BATCH,
            "Pad conds",
            "Downcast alphas_cumprod",
            "App",
            "Backend",
            "Pipeline",
            "Operations",
            "Created Date",
            "Civitai resources",
            "Civitai metadata",
            "Template",
            "Negative Template",
            "Styles");

    /** Whether this library wrote the text. */
    static boolean isOwn(Infotext text) {
        String version = text.get("Version");
        return version != null && version.startsWith(InfotextNote.PROGRAM);
    }

    /** Whether it was drawn small first and then enlarged. */
    boolean isEnlarged() {
        return text.settings().keySet().stream()
                .anyMatch(name -> name.startsWith("Hires ") || name.equals("First pass size"));
    }

    /** Whether no more than a mask's region was drawn. */
    boolean isMaskedOnly() {
        return "Only masked".equals(text.get("Inpaint area"));
    }

    private Optional<InfotextSampler> sampler() {
        String name = text.get("Sampler");
        if (name == null) {
            return Optional.empty();
        }
        return InfotextSampler.named(name)
                .or(() -> InfotextSchedule.endOf(name).flatMap(end -> InfotextSampler.named(end.without(name))));
    }

    /** The spacing that is named, in a setting of its own or behind the sampler; {@code null} for none that is known. */
    private @Nullable InfotextSchedule schedule() {
        String name = scheduleName();
        if (name != null && !name.equalsIgnoreCase("Automatic")) {
            return InfotextSchedule.named(name).orElse(null);
        }
        String sampler = text.get("Sampler");
        if (sampler != null && InfotextSampler.named(sampler).isEmpty()) {
            return InfotextSchedule.endOf(sampler).orElse(null);
        }
        return name == null ? null : sampler().map(InfotextSampler::automatic).orElse(null);
    }

    private @Nullable String scheduleName() {
        String name = text.get("Schedule type");
        return name == null ? text.get("Scheduler") : name;
    }

    /** The algorithm that is meant, or the model's own where there is none like it. */
    SchedulerSelection scheduler(@Nullable Integer steps) {
        InfotextSampler sampler = sampler().orElse(null);
        if (sampler == null) {
            SchedulerKind own = isOwn(text) ? kindOf(text.get("Sampler")) : null;
            return new SchedulerSelection(own, List.of(), steps);
        }
        Map<String, ?> known = sampler.kind().create(Map.of()).config();
        List<String> options = new ArrayList<>(sampler.options());
        InfotextSchedule schedule = schedule();
        if (schedule != null && schedule.fits(known)) {
            options.addAll(schedule.options(known, !isOwn(text)));
        } else if (!isOwn(text)) {
            InfotextSchedule plain = isByTimesteps(sampler) ? InfotextSchedule.DDIM : InfotextSchedule.UNIFORM;
            options.addAll(plain.options(known, true));
        }
        if ("Zero Terminal SNR".equals(text.get("Noise Schedule")) && known.containsKey("rescale_betas_zero_snr")) {
            options.add("rescale_betas_zero_snr=true");
        }
        return new SchedulerSelection(sampler.kind(), options, steps);
    }

    private static @Nullable SchedulerKind kindOf(@Nullable String key) {
        for (SchedulerKind kind : SchedulerKind.values()) {
            if (kind.key().equals(key)) {
                return kind;
            }
        }
        return null;
    }

    /** Those that the webui has from the original code of Stable Diffusion, which go by whole timesteps. */
    private static boolean isByTimesteps(InfotextSampler sampler) {
        return sampler == InfotextSampler.DDIM || sampler == InfotextSampler.PLMS || sampler == InfotextSampler.UNIPC;
    }

    /** Whose random numbers are meant: a card's where the text says nothing, as that program has it. */
    NoiseGenerator generator() {
        String rng = text.get("RNG");
        return rng == null || GENERATORS.contains(rng) && !rng.equals("CPU") ? NoiseGenerator.CUDA : NoiseGenerator.CPU;
    }

    /** Reports all of it. */
    void report(LoadOptions loading, InfotextLoras loras, InfotextDrawing.Given given, Consumer<String> notice) {
        if (!isOwn(text)) {
            String version = text.get("Version");
            notice.accept(picture + " was drawn by another program" + (version == null ? "" : " (" + version + ")")
                    + ": expect a picture that is close to it, not equal");
        }
        reportSampler(notice);
        reportNoise(notice);
        reportInputs(given, notice);
        reportFiles(loading, loras, notice);
        Set<String> left = new TreeSet<>(text.settings().keySet());
        left.removeAll(REDONE);
        left.removeAll(SAYING);
        left.removeIf(name -> name.startsWith("Hires ")
                || name.equals("Refiner")
                || name.equals(InfotextNote.REFINER_START)
                || name.equals("ENSD")
                || name.startsWith("Variation seed")
                || name.equals("Eta") && isDdim());
        if (!left.isEmpty()) {
            notice.accept("not redone, because there is no such thing here: " + String.join(", ", left));
        }
    }

    private boolean isDdim() {
        return sampler().filter(InfotextSampler.DDIM::equals).isPresent();
    }

    private void reportSampler(Consumer<String> notice) {
        String name = text.get("Sampler");
        Optional<InfotextSampler> sampler = sampler();
        if (name != null && sampler.isEmpty() && !(isOwn(text) && kindOf(name) != null)) {
            notice.accept("the sampler '" + name + "' is not known: the model's own is taken");
            return;
        }
        if (sampler.isEmpty()) {
            return;
        }
        InfotextSampler found = sampler.get();
        if (found.isNear()) {
            notice.accept("the sampler '" + name + "' is drawn with the nearest that there is, "
                    + found.kind().key());
        }
        String spacing = scheduleName();
        InfotextSchedule schedule = schedule();
        boolean isNamed = spacing != null && !spacing.equalsIgnoreCase("Automatic");
        if (isNamed && schedule == null) {
            notice.accept("the schedule type '" + spacing + "' is not known: noise levels are spaced evenly");
        } else if (schedule != null
                && !schedule.fits(found.kind().create(Map.of()).config())) {
            notice.accept("the scheduler " + found.kind().key() + " has no schedule of the type '" + schedule.webui()
                    + "': noise levels are spaced evenly");
        }
    }

    private void reportNoise(Consumer<String> notice) {
        String rng = text.get("RNG");
        if (generator().equals(NoiseGenerator.CUDA) && !"NV".equals(rng)) {
            notice.accept("its noise came from a graphics card (RNG " + (rng == null ? "GPU" : rng)
                    + "), and is computed as {rng} cuda: large pictures of a small card began with other noise");
        } else if (rng != null && !GENERATORS.contains(rng)) {
            notice.accept("its random numbers (RNG " + rng + ") are not known: torch's of the processor are taken");
        }
        if (text.get("Variation seed strength") != null) {
            notice.accept("the variation seed " + text.get("Variation seed") + " is not mixed in");
        }
        if (text.get("ENSD") != null) {
            notice.accept("the steps draw their noise with the picture's seed (no ENSD " + text.get("ENSD") + ")");
        }
        if (isEnlarged()) {
            notice.accept("it was enlarged after it was drawn (hires fix): only the first pass is drawn, in its size");
        }
        if (isOwn(text) && text.get(InfotextNote.BATCH) != null) {
            notice.accept("it was drawn together with others ({noise} shared, picture " + text.get(InfotextNote.BATCH)
                    + "), and is drawn alone: it begins with other noise");
        }
    }

    private void reportInputs(InfotextDrawing.Given given, Consumer<String> notice) {
        if (given.picture() != null && !isOwn(text)) {
            notice.accept("that program runs one step more of a picture than {strength} says");
        }
        if (isMaskedOnly() && given.mask() == null) {
            notice.accept("only the region of a mask was drawn (Inpaint area), which the text does not hold: the whole"
                    + " picture is drawn unless you give {mask}");
        }
        String emphasis = text.get("Emphasis");
        if (emphasis != null && !EMPHASES.contains(emphasis)) {
            notice.accept("the emphasis '" + emphasis + "' does not exist here: words are weighted as with 'Original'");
        }
    }

    private void reportFiles(LoadOptions loading, InfotextLoras loras, Consumer<String> notice) {
        for (String tag : loras.missing()) {
            notice.accept(tag + " is not counted: give its file and scale with {loras}, or its folder with {loraDir}");
        }
        if (text.get("VAE") != null && loading.vae() == null) {
            notice.accept("it was decoded with the autoencoder '" + text.get("VAE")
                    + "', not with the model's own: give it with {vae}");
        }
        if (text.get("TI hashes") != null && loading.embeddings().isEmpty()) {
            notice.accept(
                    "it has words that were learnt (" + text.get("TI hashes") + "): give their files with {embedding}");
        }
        if (text.get("Refiner") != null && loading.refiner() == null) {
            notice.accept(
                    "its last steps were drawn by the refiner '" + text.get("Refiner") + "': give it with {refiner}");
        }
    }
}
