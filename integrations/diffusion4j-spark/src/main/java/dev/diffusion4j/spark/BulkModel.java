// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.tensor.Precision;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model that executors draw with, in words that travel to them. Its files must be at the same place on each, a shared folder for example, or on the Hub.
 *
 * @param place a model folder, the folder of a finished run, {@code org/name[@revision]} of the Hub, or a single file
 * @param device {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto}
 * @param dtype what its networks compute in: {@code f32}, {@code bf16}, …
 * @param variant of the weights' files ({@code fp16}); {@code null} for the plain ones
 * @param loras adapters that are added to its weights, each {@code PATH:SCALE}
 * @param config a folder whose configs count for a single file, or {@code null}
 * @param embeddings files of words that text encoders learnt
 * @param vae the place of another autoencoder, or {@code null}
 * @param refiner the place of a model that ends what this one began, or {@code null}
 */
public record BulkModel(
        String place,
        String device,
        String dtype,
        @Nullable String variant,
        List<String> loras,
        @Nullable String config,
        List<String> embeddings,
        @Nullable String vae,
        @Nullable String refiner)
        implements Serializable {

    public BulkModel {
        Check.that(!place.isBlank(), "{place} of a model must not be empty");
        Keyed.fromKey(Precision.class, dtype, "{dtype}");
        loras.forEach(LoraChoice::parse);
        loras = List.copyOf(loras);
        embeddings = List.copyOf(embeddings);
    }

    /** On the CPU in f32: the pictures of {@code diffuse sample}. */
    public static BulkModel at(String place) {
        return new BulkModel(place, "cpu", Precision.F32.key(), null, List.of(), null, List.of(), null, null);
    }

    /** {@code model.with(m -> m.device = "cuda")}: the result is checked anew. */
    public BulkModel with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    ServiceModel toServiceModel() {
        LoadOptions options = new LoadOptions(
                        device, Keyed.fromKey(Precision.class, dtype, "{dtype}"), variant, adapters())
                .withConfig(path(config))
                .withEmbeddings(embeddings.stream().map(Path::of).toList())
                .withVae(path(vae))
                .withRefiner(path(refiner));
        return new ServiceModel(Path.of(place), options);
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }

    private List<LoraChoice> adapters() {
        return loras.stream().map(LoraChoice::parse).toList();
    }

    /** Of the adapters that a request names, those that are not in the weights: a note of a picture names both. */
    List<LoraChoice> further(List<LoraChoice> asked) {
        List<LoraChoice> own = adapters();
        boolean areNamed =
                asked.size() >= own.size() && asked.subList(0, own.size()).equals(own);
        return areNamed ? new ArrayList<>(asked.subList(own.size(), asked.size())) : asked;
    }

    /** The other files that it is loaded with, under the keys that a note has for them. */
    Map<String, Object> files() {
        Map<String, Object> files = new LinkedHashMap<>();
        put(files, "config", config);
        put(files, "vae", vae);
        put(files, "refiner", refiner);
        if (!embeddings.isEmpty()) {
            files.put("embeddings", embeddings);
        }
        return files;
    }

    private static void put(Map<String, Object> files, String key, @Nullable String place) {
        if (place != null) {
            files.put(key, place);
        }
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String place;
        public String device;
        public String dtype;
        public @Nullable String variant;
        public List<String> loras;
        public @Nullable String config;
        public List<String> embeddings;
        public @Nullable String vae;
        public @Nullable String refiner;

        private Draft(BulkModel from) {
            place = from.place;
            device = from.device;
            dtype = from.dtype;
            variant = from.variant;
            loras = from.loras;
            config = from.config;
            embeddings = from.embeddings;
            vae = from.vae;
            refiner = from.refiner;
        }

        private BulkModel done() {
            return new BulkModel(place, device, dtype, variant, loras, config, embeddings, vae, refiner);
        }
    }
}
