// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of single files. What their weights do not say of a config is in a resource for each, with the values of the models on the Hub
 * that diffusers takes it from ({@code DIFFUSERS_DEFAULT_PIPELINE_PATHS}).
 */
enum SingleLayout {
    SD1("sd1", "Stable Diffusion 1", Map.of("text_encoder", "cond_stage_model.transformer")),
    SD2("sd2", "Stable Diffusion 2", Map.of("text_encoder", "cond_stage_model.model")),
    XL(
            "xl",
            "Stable Diffusion XL",
            Map.of(
                    "text_encoder", "conditioner.embedders.0.transformer",
                    "text_encoder_2", "conditioner.embedders.1.model")),
    XL_REFINER(
            "xl-refiner",
            "the refiner of Stable Diffusion XL",
            Map.of("text_encoder_2", "conditioner.embedders.0.model"));

    static final String UNET = "model.diffusion_model";
    /** The second is of files that other programs wrote. */
    static final List<String> VAE = List.of("first_stage_model", "vae");

    private final String key;
    private final String title;
    private final Map<String, String> textPlaces;

    SingleLayout(String key, String title, Map<String, String> textPlaces) {
        this.key = key;
        this.title = title;
        this.textPlaces = textPlaces;
    }

    /** For a sentence. */
    String title() {
        return title;
    }

    /** What the names of each text encoder's weights begin with, by the name of the part. */
    Map<String, String> textPlaces() {
        return textPlaces;
    }

    /** Whether the text encoder of that name is OpenCLIP's. */
    boolean isOpenClip(String part) {
        return Objects.requireNonNull(textPlaces.get(part)).endsWith(".model");
    }

    /** Whether that text encoder also maps the pooled state to the space of texts and pictures. */
    static boolean isProjected(String part) {
        return part.equals("text_encoder_2");
    }

    /**
     * What is known of such a model beside its weights: {@code model_index}, {@code parts}, {@code scheduler}, {@code padding}.
     *
     * @param variants of the resource that count too, where it has them
     */
    Map<String, @Nullable Object> defaults(List<String> variants) {
        Map<String, @Nullable Object> all = Json.parseObject(resource(), key);
        Map<String, @Nullable Object> known = Json.object(all.remove("variants"));
        for (String variant : variants) {
            if (known.get(variant) instanceof Map<?, ?> changes) {
                all = merged(all, Json.object(changes));
            }
        }
        return all;
    }

    private String resource() {
        String name = key + ".json";
        try (InputStream in = SingleLayout.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A scheduler is replaced as a whole, as one class's keys are not another's. */
    private static Map<String, @Nullable Object> merged(
            Map<String, @Nullable Object> base, Map<String, @Nullable Object> changes) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(base);
        changes.forEach((name, value) -> {
            boolean both = all.get(name) instanceof Map && value instanceof Map && !name.equals("scheduler");
            all.put(name, both ? merged(Json.object(all.get(name)), Json.object(value)) : value);
        });
        return all;
    }
}
