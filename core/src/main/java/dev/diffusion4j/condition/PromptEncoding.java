// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.ActiveProducts;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.clip.ClipTextStates;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

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

    /** What an encoder is given. */
    static String text(Subject subject, int encoder) {
        String second = subject.prompt2();
        return Objects.requireNonNullElse(encoder > 0 && second != null ? second : subject.prompt(), "");
    }

    /** One row for a prompt. */
    Conditioning row(Subject subject, int skipped) {
        TensorVector states = new TensorVector();
        Tensor pooled = null;
        for (int i = 0; i < encoders.size(); i++) {
            TextEncoder encoder = encoders.get(i);
            TextStates found = states(encoder, List.of(encoder.beginning(text(subject, i))), skipped);
            states.push_back(found.states());
            pooled = pooled == null ? found.pooled() : pooled;
        }
        Conditioning row = Conditioning.of(Conditioning.ENCODER_HIDDEN_STATES, cat(states, -1));
        return form == TextForm.LAST
                ? row
                : row.with(Conditioning.TEXT_EMBEDS, Check.given(pooled, "a text encoder with a projection"));
    }

    /** One row of what stands for no prompt. */
    Conditioning nothing() {
        Conditioning empty = row(Subject.ofPrompt(""), 0);
        return zerosForNothing ? zeros(empty) : empty;
    }

    /** {@link #nothing()} as long as a conditioning's first row where it is zeros. */
    Conditioning nothingLike(Conditioning conditioning) {
        return zerosForNothing ? zeros(conditioning.narrow(0, 1)) : nothing();
    }

    private static Conditioning zeros(Conditioning like) {
        Conditioning zeros = Conditioning.NONE;
        for (String name : List.of(Conditioning.ENCODER_HIDDEN_STATES, Conditioning.TEXT_EMBEDS)) {
            Tensor tensor = like.get(name);
            zeros = tensor == null ? zeros : zeros.with(name, torch.zeros_like(tensor));
        }
        return zeros;
    }

    /** States are the same where encoder, adapters, tokens and skipped blocks are. */
    private record Key(TextEncoder encoder, ActiveProducts adapters, List<TextChunk> chunks, int skipped) {}

    private TextStates states(TextEncoder encoder, List<TextChunk> chunks, int skipped) {
        if (learning.contains(encoder.name())) {
            return computed(encoder, chunks, skipped);
        }
        return cache.get(new Key(encoder, ActiveProducts.current(), chunks, skipped), () -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return computed(encoder, chunks, skipped);
            }
        });
    }

    /** The states of all chunks, one after the other, with the pooled text of the first. */
    private TextStates computed(TextEncoder encoder, List<TextChunk> chunks, int skipped) {
        return encoder.use(model -> TensorScope.keepAll(
                () -> {
                    ClipTextStates all = model.forward(ids(chunks), encoder.extra());
                    Tensor states =
                            form.states(model, all, skipped).flatten(0, 1).unsqueeze(0);
                    Tensor projected = all.projected();
                    return new TextStates(states, projected == null ? null : projected.narrow(0, 0, 1));
                },
                TextStates::tensors));
    }

    private static Tensor ids(List<TextChunk> chunks) {
        long[] ids = chunks.stream()
                .flatMap(chunk -> chunk.ids().stream())
                .mapToLong(Integer::longValue)
                .toArray();
        return Tensors.ofLongs(ids).view(chunks.size(), -1);
    }

    /** Frees the states, and closes the encoders. */
    @Override
    public void close() {
        cache.close();
        encoders.forEach(TextEncoder::close);
    }
}
