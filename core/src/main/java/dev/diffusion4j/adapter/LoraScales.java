// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * What a file's products are multiplied by: alpha / r, as {@code adapter_config.json} or the file's own note says, which diffusers writes
 * for each part of a pipeline; else 1.
 */
final class LoraScales {
    /** Under {@code null} what is not of one part alone. */
    private final Map<@Nullable LoraComponent, Settings> settings = new HashMap<>();

    private LoraScales() {}

    /** An entry of {@code alpha_pattern} or {@code rank_pattern}: the end of a layer's name, as a regular expression, or the whole name. */
    private record OwnNumber(String name, Pattern pattern, double value) {
        boolean isOf(String layer) {
            return layer.equals(name) || pattern.matcher(layer).matches();
        }
    }

    /** One config of peft's. */
    private static final class Settings {
        private final List<OwnNumber> alphas;
        private final List<OwnNumber> ranks;
        private final @Nullable Double alpha;
        private final @Nullable Double rank;
        private final boolean rootOfRank;
        private final boolean isDora;
        private final boolean isKronecker;
        private final PeftTargets targets;
        private final String where;

        Settings(Map<String, @Nullable Object> config, String where) {
            this.where = where;
            PeftSettings.check(config, where);
            targets = new PeftTargets(config, where);
            String key = PeftSettings.isLycoris(config) ? "alpha" : "lora_alpha";
            alpha = number(key, config.get(key));
            rank = number("r", config.get("r"));
            rootOfRank = Boolean.TRUE.equals(config.get("use_rslora"));
            isDora = Boolean.TRUE.equals(config.get("use_dora"));
            alphas = patterns(config, "alpha_pattern");
            isKronecker = PeftSettings.isKronecker(config);
            // the tensors say ranks, but for a LoKr of whole matrices
            ranks = isKronecker ? patterns(config, "rank_pattern") : List.of();
        }

        private List<OwnNumber> patterns(Map<String, @Nullable Object> config, String key) {
            List<OwnNumber> all = new ArrayList<>();
            Object patterns = config.get(key);
            if (patterns instanceof Map<?, ?> map) {
                Json.object(map).forEach((name, value) -> all.add(pattern(key + "." + name, name, value)));
            } else if (patterns != null) {
                throw Problem.failure(
                        where + ": " + key + " is '" + patterns + "', but must be an object such as {\"to_q\": 16}");
            }
            return all;
        }

        private OwnNumber pattern(String key, String name, @Nullable Object value) {
            Double own = number(key, value);
            if (own == null) {
                throw notANumber(key, value);
            }
            try {
                return new OwnNumber(name, Pattern.compile("(.*\\.)?(" + name + ")"), own);
            } catch (PatternSyntaxException e) {
                throw Problem.failure(
                        where + ": " + key + " is " + value + ", but '" + name
                                + "' is neither the end of a layer's name nor a regular expression: "
                                + e.getDescription(),
                        e);
            }
        }

        private @Nullable Double number(String key, @Nullable Object value) {
            if (value != null && !(value instanceof Number number && Double.isFinite(number.doubleValue()))) {
                throw notANumber(key, value);
            }
            return value == null ? null : ((Number) value).doubleValue();
        }

        private Problem notANumber(String key, @Nullable Object value) {
            return Problem.failure(where + ": " + key + " is '" + value + "', but must be a number such as 16");
        }

        double of(String layer, long tensorRank) {
            targets.check(layer);
            Double own = of(layer, alphas, alpha);
            Double said = isKronecker ? of(layer, ranks, rank) : null;
            double r = said == null ? tensorRank : said;
            return own == null || r == 0 ? 1 : own / (rootOfRank ? Math.sqrt(r) : r);
        }

        private static @Nullable Double of(String layer, List<OwnNumber> own, @Nullable Double all) {
            return own.stream()
                    .filter(entry -> entry.isOf(layer))
                    .findFirst()
                    .map(OwnNumber::value)
                    .orElse(all);
        }
    }

    /**
     * @param file the weights; a config is looked for beside it where it has peft's name
     * @throws Problem (a failure) where the adapter is of a kind that is not supported, or a number in its config is none
     */
    static LoraScales of(Path file, WeightSource weights) {
        Path config = file.resolveSibling(LoraFolder.CONFIG);
        LoraScales scales = new LoraScales();
        if (String.valueOf(file.getFileName()).startsWith("adapter_model") && Files.exists(config)) {
            scales.settings.put(null, new Settings(Json.readObject(config), config.toString()));
        } else {
            scales.readNote(weights.metadata().get(PipelineLora.NOTE), file + ": note " + PipelineLora.NOTE);
        }
        return scales;
    }

    private void readNote(@Nullable String note, String where) {
        if (note == null) {
            return;
        }
        Map<@Nullable LoraComponent, Map<String, @Nullable Object>> parts = new HashMap<>();
        Json.parseObject(note, where).forEach((key, value) -> {
            LoraComponent component = LoraComponent.of(key).orElse(null);
            String own = component == null ? key : component.rest(key).orElseThrow();
            parts.computeIfAbsent(component, ignored -> new LinkedHashMap<>()).put(own, value);
        });
        parts.forEach((component, config) -> settings.put(component, new Settings(config, where)));
    }

    /** @throws Problem (a failure) where the config says that the layer's rows have lengths of their own, but the file has none */
    void checkDora(LoraName name, boolean hasLengths) {
        Settings own = settings.getOrDefault(name.component(), settings.get(null));
        if (own != null && own.isDora && !hasLengths) {
            throw Problem.failure(own.where + ": use_dora is true, but the file has no lora_magnitude_vector for "
                    + name.text() + ": save the adapter again, or set use_dora to false for a plain LoRA");
        }
    }

    /**
     * @param rank of the layer's tensors
     * @throws Problem (a failure) where the config leaves the layer out
     */
    double of(LoraName name, long rank) {
        Settings own = settings.getOrDefault(name.component(), settings.get(null));
        return own == null ? 1 : own.of(name.layer(), rank);
    }
}
