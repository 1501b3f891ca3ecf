// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.ArrangedWeights;
import dev.diffusion4j.checkpoint.NamePairs;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.autoencoder.OriginalAutoencoder;
import dev.diffusion4j.model.clip.OriginalTextEncoder;
import dev.diffusion4j.model.unet2dcondition.OriginalUNet;
import dev.diffusion4j.model.unet2dcondition.UNetShapes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a checkpoint of Stable Diffusion's original layout ({@code .safetensors}, {@code .ckpt}), as diffusers' {@code from_single_file} does:
 * what it is follows from the names and shapes in it, never from its own name. Weights are mapped, not read.
 */
public final class SingleFile {
    private static final String STATE_DICT = "state_dict";
    private static final long HEAD_WIDTH = 64;
    private static final long NORM_GROUPS = 32;

    private final Path path;
    private final WeightSource file;
    private final FoundParts found;
    private final SingleLayout layout;
    private final ConfigFolder config;
    private final Prediction prediction;
    private final List<String> notes = new ArrayList<>();
    private final Map<String, WeightSource> weights = new LinkedHashMap<>();

    private SingleFile(Path path, WeightSource file, ConfigFolder config) {
        this.path = path;
        this.file = file;
        this.config = config;
        found = new FoundParts(file);
        layout = found.layout();
        prediction = Prediction.of(file.tensors().keySet(), file.metadata());
    }

    /** Whether a place is a single file rather than a folder. */
    public static boolean isOne(Path place) {
        return Files.isRegularFile(place);
    }

    /**
     * Opens a file.
     *
     * @param config a folder in diffusers' form, whose configs and tokenizers count instead of those that are known for such files, and whose
     *     weights fill in for parts that the file lacks; {@code null} for none
     * @throws Problem (a failure) where it cannot be read, has a layout that is not known, or lacks something within a part
     */
    public static OpenedParts open(Path path, @Nullable Path config, ModelFamilies families) {
        ConfigFolder configs = new ConfigFolder(config, families);
        WeightSource file = WeightFiles.openFile(path);
        try {
            WeightSource inner = file;
            while (hasPart(inner.tensors().keySet(), STATE_DICT + ".")) {
                inner = inner.under(STATE_DICT);
            }
            return new SingleFile(path, inner, configs).parts(families);
        } catch (Throwable e) {
            file.close();
            configs.close();
            throw e;
        }
    }

    private static boolean hasPart(Set<String> names, String begin) {
        return names.stream().anyMatch(name -> name.startsWith(begin));
    }

    private OpenedParts parts(ModelFamilies families) {
        found.unet().ifPresent(this::addUnet);
        found.vae().ifPresent(this::addVae);
        layout.textPlaces().forEach((name, place) -> found.text(place).ifPresent(text -> addText(name, text)));
        sayWhatIsLeftOut();
        Map<String, @Nullable Object> defaults = layout.defaults(variants());
        Map<String, PipelinePart> parts = new LinkedHashMap<>();
        weights.forEach((name, source) -> {
            PipelinePart part = part(
                    name, source, Json.object(Json.object(defaults.get("parts")).get(name)));
            part.check(families);
            parts.put(name, part);
        });
        config.addMissing(parts, layout.textPlaces().keySet(), notes);
        List<WeightSource> files = new ArrayList<>(List.of(file));
        files.addAll(config.opened());
        Map<String, @Nullable Object> padding = Json.object(defaults.get("padding"));
        return new OpenedParts(
                path,
                config.settings().orElseGet(() -> Json.object(defaults.get("model_index"))),
                parts,
                config.scheduler().orElseGet(() -> scheduler(Json.object(defaults.get("scheduler")))),
                new TokenizerSearch(path, config).find(parts.keySet(), padding),
                List.copyOf(notes),
                files);
    }

    private void addUnet(WeightSource unet) {
        OriginalUNet plan = OriginalUNet.ofOriginal(unet.tensors().keySet())
                .orElseThrow(() -> Problem.failure(path + ": the blocks of its denoiser are not numbered as those of "
                        + layout.title() + " are; it was cut short, or is of another kind"));
        ArrangedWeights named = new ArrangedWeights(unet, title("unet"));
        rename(unet, plan.names(), (name, original) -> named.addWhole(name, original));
        weights.put("unet", named);
    }

    private String title(String part) {
        return path + " (" + part + ")";
    }

    private void addVae(WeightSource vae) {
        OriginalAutoencoder plan = OriginalAutoencoder.of(vae.tensors().keySet())
                .orElseThrow(() -> Problem.failure(path + ": its autoencoder has no whole decoder"));
        ArrangedWeights named = new ArrangedWeights(vae, title("vae"));
        rename(
                vae,
                plan.names(),
                (name, original) -> OriginalAutoencoder.addToDiffusers(
                        named,
                        name,
                        original,
                        java.util.Objects.requireNonNull(vae.tensors().get(original))));
        weights.put("vae", named);
    }

    private void rename(WeightSource part, NamePairs names, java.util.function.BiConsumer<String, String> add) {
        List<String> unknown = new ArrayList<>();
        part.tensors().keySet().stream()
                .filter(original -> !FoundParts.isLeftOut(original))
                .forEach(original -> names.second(original)
                        .ifPresentOrElse(name -> add.accept(name, original), () -> unknown.add(original)));
        if (!unknown.isEmpty()) {
            throw Problem.failure(part + " holds " + unknown.size() + " tensors that " + layout.title() + " has not: "
                    + FoundParts.first(unknown));
        }
    }

    private void addText(String name, WeightSource text) {
        weights.put(
                name,
                layout.isOpenClip(name)
                        ? OriginalTextEncoder.fromOpenClip(text, SingleLayout.isProjected(name), title(name))
                        : OriginalTextEncoder.fromTransformers(text, title(name)));
    }

    private void sayWhatIsLeftOut() {
        if (found.hasAverages()) {
            notes.add(path + " holds averages of its weights besides (model_ema), which are not used, as in diffusers");
        }
        if (!found.others().isEmpty()) {
            notes.add(path + " holds " + found.others().size() + " tensors that belong to no part and are left out: "
                    + FoundParts.first(found.others()));
        }
        if (weights.keySet().equals(Set.of("vae")) && !config.isGiven()) {
            notes.add(path + " is an autoencoder alone: it is taken for one of Stable Diffusion 1, as diffusers does;"
                    + " {config} overrides that");
        }
    }

    /** What its input channels and its output make of it. */
    private List<String> variants() {
        List<String> variants = new ArrayList<>();
        if (Prediction.EPSILON.equals(prediction.type())) {
            variants.add(Prediction.EPSILON);
        }
        WeightSource unet = weights.get("unet");
        if (unet != null) {
            List<Long> shape = java.util.Objects.requireNonNull(unet.tensors().get("conv_in.weight"))
                    .shape();
            variants.add((shape.size() == 4 ? shape.get(1) : 0) + " channels");
        }
        return variants;
    }

    private PipelinePart part(String name, WeightSource source, Map<String, @Nullable Object> defaults) {
        boolean isText = name.startsWith("text_encoder");
        String className = isText
                ? SingleLayout.isProjected(name) ? "CLIPTextModelWithProjection" : "CLIPTextModel"
                : name.equals("unet") ? "UNet2DConditionModel" : "AutoencoderKL";
        Map<String, @Nullable Object> keys = config.part(name).orElseGet(() -> {
            Map<String, @Nullable Object> known = new LinkedHashMap<>(defaults);
            known.putAll(
                    isText
                            ? OriginalTextEncoder.shapeKeys(source)
                            : name.equals("unet") ? unetKeys(source) : vaeKeys(source));
            return known;
        });
        return new PipelinePart(name, isText ? "transformers" : "diffusers", className, keys, source);
    }

    private static Map<String, @Nullable Object> vaeKeys(WeightSource named) {
        Map<String, @Nullable Object> keys =
                OriginalAutoencoder.of(named.tensors().keySet()).orElseThrow().shapeKeys(named);
        checkUsual(named, "vae", keys, NORM_GROUPS);
        return keys;
    }

    private Map<String, @Nullable Object> unetKeys(WeightSource named) {
        OriginalUNet plan = OriginalUNet.ofDiffusers(named.tensors().keySet()).orElseThrow();
        Map<String, @Nullable Object> keys = new UNetShapes(named.tensors(), plan, named.toString()).keys();
        boolean hasFixedHeads = layout == SingleLayout.SD1;
        List<Long> widths = checkUsual(named, "unet", keys, hasFixedHeads ? NORM_GROUPS : HEAD_WIDTH);
        if (!hasFixedHeads) {
            keys.put(
                    "attention_head_dim",
                    widths.stream().map(width -> width / HEAD_WIDTH).toList());
        }
        if (keys.get("projection_class_embeddings_input_dim") instanceof Long numbers) {
            keys.put("addition_time_embed_dim", timeFeatures(numbers));
        }
        return keys;
    }

    /** Heads and groups have the usual numbers in networks of the usual widths; others must say theirs. */
    private static List<Long> checkUsual(
            WeightSource named, String part, Map<String, @Nullable Object> keys, long unit) {
        List<Long> widths = keys.get("block_out_channels") instanceof List<?> list
                ? list.stream().map(width -> (Long) width).toList()
                : List.of();
        if (widths.stream().anyMatch(width -> width % unit != 0)) {
            throw Problem.failure(named + " has levels of the widths " + widths + ", which are no multiples of " + unit
                    + ": how many heads and groups it has must be said by {config}, a folder with its " + part
                    + "/config.json");
        }
        return widths;
    }

    /** The pooled text's numbers come before those of six sizes, or of five in the refiner. */
    private long timeFeatures(long numbers) {
        WeightSource text = weights.get("text_encoder_2");
        long pooled = text == null
                ? 1280 // OpenCLIP's bigG, the only one in use
                : java.util.Objects.requireNonNull(text.tensors().get("text_projection.weight"))
                        .shape()
                        .get(0);
        return (numbers - pooled) / (layout == SingleLayout.XL_REFINER ? 5 : 6);
    }

    private Map<String, @Nullable Object> scheduler(Map<String, @Nullable Object> known) {
        Map<String, @Nullable Object> keys = new LinkedHashMap<>(known);
        if (prediction.type() != null) {
            keys.put("prediction_type", prediction.type());
        } else if (weights.containsKey("unet") && Prediction.V.equals(keys.get("prediction_type"))) {
            notes.add(path + " does not say what its denoiser predicts: v is taken, as diffusers does; for a model of"
                    + " 512 pixels (base) {schedulerOptions} prediction_type=epsilon overrides it, or {config}");
        }
        if (prediction.zeroSnr()) {
            if ("PNDMScheduler".equals(keys.get(OpenedParts.CLASS))) {
                keys.put(OpenedParts.CLASS, "DDIMScheduler"); // PNDM does not know a last step without signal
            }
            keys.put("rescale_betas_zero_snr", true);
            keys.put("timestep_spacing", "trailing");
        }
        return keys;
    }
}
