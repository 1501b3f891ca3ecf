// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.TinyVaeCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Conditioners;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.condition.TextEncoder;
import dev.diffusion4j.condition.TextForm;
import dev.diffusion4j.condition.TextualInversion;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.scheduler.Scheduler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The parts that diffusers' folders have beside a denoiser: an autoencoder, whose latents are the samples, and one or two text encoders
 * with their tokenizers. Each may be absent.
 */
final class FolderParts implements PartsReader {
    private static final String VAE = "vae";
    private static final String TEXT = "text_encoder";
    private static final String TOKENIZER = "tokenizer";
    private static final String SECOND = "_2";

    private static final List<String> AUTOENCODERS =
            OtherVae.FAMILIES.stream().map(ModelFamily::name).toList();
    private static final List<String> TEXT_ENCODERS =
            List.of(ClipTextModel.FAMILY.name(), ClipTextModel.WITH_PROJECTION.name());

    @Override
    public Set<String> parts() {
        return Set.of(VAE, TEXT, TEXT + SECOND, TOKENIZER, TOKENIZER + SECOND);
    }

    @Override
    public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options) {
        return read(folder, model, options, new PartStore());
    }

    @Override
    public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options, PartStore store) {
        return of(PartFiles.of(folder, options), model, options, store);
    }

    /** Whether a folder has networks beside its denoiser. */
    static boolean hasNetworks(ComponentMap map) {
        return Stream.of(VAE, TEXT, TEXT + SECOND)
                .anyMatch(part -> map.find(part).isPresent());
    }

    /** From a folder, or from a single file. */
    static PipelineParts of(PartFiles files, DiffusionModel model, LoadOptions options, PartStore store) {
        return of(files, model, options, new LoadedParts(files, options, store));
    }

    /** @param loaded of the same files; closed with what is returned */
    static PipelineParts of(PartFiles files, DiffusionModel model, LoadOptions options, LoadedParts loaded) {
        if (options.vae() == null) {
            check(files, VAE, AUTOENCODERS);
        }
        check(files, TEXT, TEXT_ENCODERS);
        check(files, TEXT + SECOND, TEXT_ENCODERS);
        try {
            boolean withCodec = options.parts() != PartsReader.WITHOUT_CODEC;
            SampleCodec codec = withCodec ? codec(files, loaded, model, options.vae()) : null;
            return new PipelineParts(conditioner(files, model, loaded, options), codec, loaded);
        } catch (Throwable e) {
            loaded.close();
            throw e;
        }
    }

    private static void check(PartFiles files, String part, List<String> known) {
        files.className(part).filter(found -> !known.contains(found)).ifPresent(found -> {
            throw Problem.failure(files.place() + " names the part '" + part + "' (" + found
                    + "), which is not supported here: it can be a " + String.join(" or a ", known));
        });
    }

    private static @Nullable SampleCodec codec(
            PartFiles files, LoadedParts loaded, DiffusionModel model, @Nullable Path other) {
        if (other == null) {
            return files.className(VAE).isPresent() ? codec(loaded.network(VAE)) : null;
        }
        SampleCodec codec = codec(loaded.vae(VAE, other));
        OtherVae.check(other, codec, model);
        return codec;
    }

    private static SampleCodec codec(LentModel network) {
        return network.ask(AutoencoderTiny.class::isInstance) ? new TinyVaeCodec(network) : new VaeCodec(network);
    }

    private static Conditioner conditioner(
            PartFiles files, DiffusionModel model, LoadedParts loaded, LoadOptions options) {
        List<TextEncoder> encoders = new ArrayList<>();
        for (String end : List.of("", SECOND)) {
            if (files.className(TEXT + end).isPresent()) {
                encoders.add(
                        new TextEncoder(TEXT + end, loaded.tokenizer(TOKENIZER + end), loaded.network(TEXT + end)));
            }
        }
        if (encoders.isEmpty()) {
            if (!options.embeddings().isEmpty()) {
                throw Problem.request(
                        "{embedding} is for a model with a text encoder, and " + files.place() + " has none");
            }
            return Conditioners.of(model);
        }
        boolean isXl = files.className(TEXT + SECOND).isPresent();
        Object zeros = files.setting("force_zeros_for_empty_prompt").orElse(isXl);
        TextConditioner conditioner =
                TextConditioner.of(encoders, isXl ? TextForm.PENULTIMATE : TextForm.LAST, Boolean.TRUE.equals(zeros));
        boolean refines = isXl
                && Boolean.TRUE.equals(
                        files.setting("requires_aesthetics_score").orElse(false));
        TextConditioner own = refines ? conditioner.withScore() : conditioner;
        List<Path> embeddings = embeddings(options);
        return embeddings.isEmpty() ? own : withWords(own, embeddings, options.parts() == PartsReader.WITHOUT_CODEC);
    }

    /** The files of words that are asked for, and those that were learnt with the adapters. */
    private static List<Path> embeddings(LoadOptions options) {
        Map<Path, Path> files = new LinkedHashMap<>();
        options.embeddings().forEach(file -> files.put(absolute(file), file));
        for (LoraChoice lora : options.loras()) {
            LoraPlace.word(lora.path(), HubProgress.SILENT).ifPresent(file -> files.putIfAbsent(absolute(file), file));
        }
        return List.copyOf(files.values());
    }

    private static Path absolute(Path file) {
        return file.toAbsolutePath().normalize();
    }

    /** @param forTwoOnly whether words for one text encoder are another pipeline's */
    private static Conditioner withWords(TextConditioner conditioner, List<Path> files, boolean forTwoOnly) {
        List<TextualInversion> learnt = new ArrayList<>();
        try {
            files.forEach(file -> learnt.add(TextualInversion.read(file)));
            return conditioner.withWords(
                    forTwoOnly
                            ? learnt.stream().filter(TextualInversion::isForTwo).toList()
                            : learnt);
        } finally {
            for (TextualInversion each : learnt) {
                each.close();
            }
        }
    }

    /**
     * As diffusers mends them for Stable Diffusion 1 and 2 when a pipeline is made: configs of its first versions lack
     * {@code steps_offset} 1, and cut x̂₀ to the range of pixels, which latents leave.
     */
    @Override
    public Scheduler mended(PipelineFolder folder, Scheduler scheduler) {
        return mended(folder.components().components().keySet(), scheduler);
    }

    /** @param parts of the pipeline, by name */
    static Scheduler mended(Set<String> parts, Scheduler scheduler) {
        if (!parts.contains(TEXT) || parts.contains(TEXT + SECOND)) {
            return scheduler;
        }
        Map<String, @Nullable Object> config = new LinkedHashMap<>(scheduler.config());
        if (config.containsKey("steps_offset")) {
            config.put("steps_offset", 1L);
        }
        if (config.containsKey("clip_sample")) {
            config.put("clip_sample", false);
        }
        return config.equals(scheduler.config())
                ? scheduler
                : dev.diffusion4j.scheduler.SchedulerKind.of(scheduler).create(config);
    }
}
