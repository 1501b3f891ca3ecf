// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.ActiveProducts;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.clip.ClipTextStates;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Encodes a prompt, or nothing, for a network.
 *
 * @param encoders whose states are joined
 * @param form which of their states the network attends to
 * @param zerosForNothing whether nothing is zeros
 * @param learning names of encoders that compute on the tape
 * @param cache the states of the others
 */
record PromptEncoding(
        List<TextEncoder> encoders, TextForm form, boolean zerosForNothing, Set<String> learning, TextCache cache)
        implements AutoCloseable {
    PromptEncoding {
        encoders = List.copyOf(encoders);
        learning = Set.copyOf(learning);
    }

    PromptEncoding withEncoders(List<TextEncoder> value) {
        return new PromptEncoding(value, form, zerosForNothing, learning, cache);
    }

    PromptEncoding withLearning(Set<String> value) {
        return new PromptEncoding(encoders, form, zerosForNothing, value, cache);
    }

    PromptEncoding withCache(TextCache value) {
        return new PromptEncoding(encoders, form, zerosForNothing, learning, value);
    }

    /** Whether it computes on the tape, where its states are not kept. */
    private boolean learns(TextEncoder encoder) {
        return learning.contains(encoder.name()) || encoder.learning() != null;
    }

    /** What an encoder is given. */
    static String text(Subject subject, int encoder) {
        String second = subject.prompt2();
        return Objects.requireNonNullElse(encoder > 0 && second != null ? second : subject.prompt(), "");
    }

    /** One row for a prompt. */
    Conditioning row(Subject subject, PromptSyntax syntax, int skipped) {
        List<List<TextChunk>> chunks = chunks(subject, syntax);
        TensorVector states = new TensorVector();
        Tensor pooled = null;
        for (int i = 0; i < encoders.size(); i++) {
            TextStates found =
                    states(new Key(encoders.get(i), ActiveProducts.current(), chunks.get(i), syntax, skipped));
            states.push_back(found.states());
            pooled = pooled == null ? found.pooled() : pooled;
        }
        Conditioning row = Conditioning.of(Conditioning.ENCODER_HIDDEN_STATES, cat(states, -1));
        return form == TextForm.LAST
                ? row
                : row.with(Conditioning.TEXT_EMBEDS, Check.given(pooled, "a text encoder with a projection"));
    }

    /**
     * A row for each of several plain prompts, whose states are computed together where they are not known: the same numbers to rounding.
     *
     * @param subjects different ones
     */
    List<Conditioning> rows(List<Subject> subjects, int skipped) {
        List<TensorVector> states =
                subjects.stream().map(subject -> new TensorVector()).toList();
        List<@Nullable Tensor> pooled = new ArrayList<>(Collections.nCopies(subjects.size(), null));
        for (int i = 0; i < encoders.size(); i++) {
            TextEncoder encoder = encoders.get(i);
            int number = i;
            List<Key> keys = subjects.stream()
                    .map(subject -> new Key(
                            encoder,
                            ActiveProducts.current(),
                            encoder.chunks(
                                    PromptSyntax.PLAIN.parse(text(subject, number), "prompt"), PromptSyntax.PLAIN),
                            PromptSyntax.PLAIN,
                            skipped))
                    .toList();
            List<TextStates> found = together(encoder, keys);
            for (int row = 0; row < keys.size(); row++) {
                states.get(row).push_back(found.get(row).states());
                pooled.set(row, pooled.get(row) == null ? found.get(row).pooled() : pooled.get(row));
            }
        }
        List<Conditioning> rows = new ArrayList<>();
        for (int row = 0; row < subjects.size(); row++) {
            Conditioning own = Conditioning.of(Conditioning.ENCODER_HIDDEN_STATES, cat(states.get(row), -1));
            rows.add(
                    form == TextForm.LAST
                            ? own
                            : own.with(
                                    Conditioning.TEXT_EMBEDS,
                                    Check.given(pooled.get(row), "a text encoder with a projection")));
        }
        return rows;
    }

    private List<TextStates> together(TextEncoder encoder, List<Key> keys) {
        if (learns(encoder)) {
            return computed(encoder, keys);
        }
        Map<Key, TextStates> known = new LinkedHashMap<>();
        for (Key key : keys) {
            TextStates states = cache.find(key);
            if (states != null) {
                known.put(key, states);
            }
        }
        List<Key> unknown =
                keys.stream().filter(key -> !known.containsKey(key)).distinct().toList();
        if (!unknown.isEmpty()) {
            try (NoGradGuard guard = new NoGradGuard()) {
                List<TextStates> made = computed(encoder, unknown);
                for (int i = 0; i < unknown.size(); i++) {
                    known.put(unknown.get(i), cache.kept(unknown.get(i), made.get(i)));
                }
            }
        }
        return keys.stream().map(key -> Objects.requireNonNull(known.get(key))).toList();
    }

    /** Of one chunk each, in one pass. */
    private List<TextStates> computed(TextEncoder encoder, List<Key> keys) {
        int length = keys.get(0).chunks.get(0).ids().size();
        long[] ids = keys.stream()
                .flatMap(key -> key.chunks.get(0).ids().stream())
                .mapToLong(Integer::longValue)
                .toArray();
        return encoder.use(model -> {
            ClipTextStates all = model.forward(Tensors.ofLongs(ids).view(keys.size(), length), encoder.extra());
            Tensor states = form.states(model, all, keys.get(0).skipped);
            Tensor pooled = all.projected();
            List<TextStates> rows = new ArrayList<>();
            for (int i = 0; i < keys.size(); i++) {
                rows.add(new TextStates(states.narrow(0, i, 1), pooled == null ? null : pooled.narrow(0, i, 1)));
            }
            return rows;
        });
    }

    /** For each encoder, as many for one as for another: empty ones fill up. */
    private List<List<TextChunk>> chunks(Subject subject, PromptSyntax syntax) {
        List<List<TextChunk>> all = new ArrayList<>();
        for (int i = 0; i < encoders.size(); i++) {
            all.add(encoders.get(i).chunks(syntax.parse(text(subject, i), "prompt"), syntax));
        }
        int most = all.stream().mapToInt(List::size).max().orElse(1);
        for (int i = 0; i < encoders.size(); i++) {
            List<TextChunk> filled = new ArrayList<>(all.get(i));
            filled.addAll(
                    Collections.nCopies(most - filled.size(), encoders.get(i).empty()));
            all.set(i, filled);
        }
        return all;
    }

    /** One row of what stands for no prompt. */
    Conditioning nothing(int skipped) {
        Conditioning empty = row(Subject.ofPrompt(""), PromptSyntax.PLAIN, skipped);
        return zerosForNothing ? zeros(empty) : empty;
    }

    /** {@link #nothing} as long as a conditioning's first row where it is zeros. */
    Conditioning nothingLike(Conditioning conditioning, int skipped) {
        return zerosForNothing ? zeros(conditioning.narrow(0, 1)) : nothing(skipped);
    }

    private static Conditioning zeros(Conditioning like) {
        Conditioning zeros = Conditioning.NONE;
        for (String name : List.of(Conditioning.ENCODER_HIDDEN_STATES, Conditioning.TEXT_EMBEDS)) {
            Tensor tensor = like.get(name);
            zeros = tensor == null ? zeros : zeros.with(name, torch.zeros_like(tensor));
        }
        return zeros;
    }

    /** States are the same where encoder, adapters, tokens with their weights and skipped blocks are. */
    private record Key(
            TextEncoder encoder, ActiveProducts adapters, List<TextChunk> chunks, PromptSyntax syntax, int skipped) {
        Key ofEmpty() {
            return new Key(encoder, adapters, List.of(encoder.empty()), PromptSyntax.PLAIN, skipped);
        }
    }

    private TextStates states(Key key) {
        if (learns(key.encoder)) {
            return computed(key);
        }
        return cache.get(key, () -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return computed(key);
            }
        });
    }

    /** The states of all chunks, one after the other, with the pooled text of the first. */
    private TextStates computed(Key key) {
        return key.encoder.use(model -> TensorScope.keepAll(
                () -> {
                    List<TextStates> parts = key.chunks.stream()
                            .map(chunk -> computed(model, key, chunk))
                            .toList();
                    Tensor[] states = parts.stream().map(TextStates::states).toArray(Tensor[]::new);
                    Tensor plain = cat(new TensorVector(states), 0);
                    Tensor weighted = TextWeights.apply(key.syntax, plain, key.chunks, () -> states(key.ofEmpty())
                            .states());
                    return new TextStates(
                            weighted.flatten(0, 1).unsqueeze(0), parts.get(0).pooled());
                },
                TextStates::tensors));
    }

    /** One at a time: what else a network computes of a chunk is freed before the next one. */
    private TextStates computed(ClipTextModel model, Key key, TextChunk chunk) {
        long[] ids = chunk.ids().stream().mapToLong(Integer::longValue).toArray();
        return TensorScope.keepAll(
                () -> {
                    ClipTextStates all = model.forward(Tensors.ofLongs(ids).unsqueeze(0), key.encoder.extra());
                    return new TextStates(form.states(model, all, key.skipped), all.projected());
                },
                TextStates::tensors);
    }

    /** Frees the states, and closes the encoders. */
    @Override
    public void close() {
        cache.close();
        encoders.forEach(TextEncoder::close);
    }
}
