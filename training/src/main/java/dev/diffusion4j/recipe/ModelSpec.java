// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.model.unet2d.UNet2DModel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which network a recipe trains.
 *
 * @param kind its family, by class name; that of the folder where {@code from} names one
 * @param classConditional whether it is given the class of a picture; for families that can do without
 * @param config keys of its {@code config.json}; sizes and channels that are left out are taken from the data, and all that is
 *     left out from the folder where {@code from} names one
 * @param from a pipeline folder whose network, weights included, is learnt on; {@code null} for one with fresh weights
 * @param fromSha256 the hash of its weights, filled in when a run is set up; other weights are refused from then on
 * @param parts folders of the parts beside the network, by their names ({@code vae}, {@code text_encoder}, {@code tokenizer}), in place of
 *     those of {@code from}; a tokenizer that is not named lies where its text encoder does
 * @param partsSha256 the hashes of the weights of all parts beside it, filled in when a run is set up; others are refused from then on
 * @param conditioner {@code java:} and the name of the conditioner that a program brought, filled in when a run is set up; {@code null}
 *     for the one that the network needs by itself
 * @param codec the same of its codec; {@code null} for pixels
 * @param tokenizer of a CLIP's captions; {@code null} for {@link TokenizerSpec#DEFAULT}, and for other networks
 */
public record ModelSpec(
        String kind,
        boolean classConditional,
        Map<String, @Nullable Object> config,
        @Nullable String from,
        @Nullable String fromSha256,
        Map<String, String> parts,
        Map<String, String> partsSha256,
        @Nullable String conditioner,
        @Nullable String codec,
        @Nullable TokenizerSpec tokenizer) {
    public static final ModelSpec DEFAULT =
            new ModelSpec(UNet2DModel.FAMILY.name(), false, Map.of(), null, null, Map.of(), Map.of(), null, null, null);

    public ModelSpec {
        config = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(config));
        parts = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(parts));
        partsSha256 = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(partsSha256));
    }

    /** {@code ModelSpec.DEFAULT.with(c -> c.kind = …)}: the result is checked anew. */
    public ModelSpec with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String kind;
        public boolean classConditional;
        public Map<String, @Nullable Object> config;
        public @Nullable String from;
        public @Nullable String fromSha256;
        public Map<String, String> parts;
        public Map<String, String> partsSha256;
        public @Nullable String conditioner;
        public @Nullable String codec;
        public @Nullable TokenizerSpec tokenizer;

        private Draft(ModelSpec spec) {
            kind = spec.kind;
            classConditional = spec.classConditional;
            config = spec.config;
            from = spec.from;
            fromSha256 = spec.fromSha256;
            parts = spec.parts;
            partsSha256 = spec.partsSha256;
            conditioner = spec.conditioner;
            codec = spec.codec;
            tokenizer = spec.tokenizer;
        }

        ModelSpec done() {
            return new ModelSpec(
                    kind,
                    classConditional,
                    config,
                    from,
                    fromSha256,
                    parts,
                    partsSha256,
                    conditioner,
                    codec,
                    tokenizer);
        }
    }
}
