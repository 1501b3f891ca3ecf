// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipTextConfig;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.clip.ExtraTokens;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** One of a pipeline's text encoders with its tokenizer. Thread-safe. */
public final class TextEncoder implements AutoCloseable {
    private final String name;
    private final ClipTokenizer tokenizer;
    private final TextNetwork network;
    private final ExtraTokens extra;
    private volatile @Nullable ClipTextConfig config;

    /**
     * @param name of the part that it is in a pipeline's folder: {@code text_encoder}
     * @param network lends a {@link ClipTextModel}; closed with this
     */
    public TextEncoder(String name, ClipTokenizer tokenizer, TextNetwork network) {
        this(name, tokenizer, network, ExtraTokens.NONE);
    }

    private TextEncoder(String name, ClipTokenizer tokenizer, TextNetwork network, ExtraTokens extra) {
        this.name = name;
        this.tokenizer = tokenizer;
        this.network = network;
        this.extra = extra;
    }

    /**
     * The same that also knows words; it takes the place of this one. The network stays as it is.
     *
     * @param words that are no tokens yet, each with its rows, (n, D), which are copied
     */
    TextEncoder withWords(Map<String, Tensor> words) {
        if (words.isEmpty()) {
            return this;
        }
        List<String> tokens = new ArrayList<>();
        List<Tensor> rows = new ArrayList<>();
        Tensor before = extra.rows();
        if (before != null) {
            rows.add(before);
        }
        words.forEach((word, vectors) -> {
            rows.add(vectors);
            for (int i = 0; i < vectors.size(0); i++) {
                tokens.add(ClipTokenizer.successor(word, i));
            }
        });
        long first = before == null ? tokenizer.size() : extra.first();
        ExtraTokens all = new ExtraTokens(
                first, TensorScope.ownResult(() -> torch.cat(new TensorVector(rows.toArray(Tensor[]::new)), 0)));
        extra.close();
        return new TextEncoder(name, tokenizer.withWords(tokens), network, all);
    }

    <R> R use(Function<ClipTextModel, R> body) {
        return network.use(model -> {
            if (!(model instanceof ClipTextModel text)) {
                throw Problem.failure("a " + model.modelClass().name() + " is no text encoder that is known");
            }
            return body.apply(text);
        });
    }

    /** The network's sizes, which are read when they are first needed. */
    ClipTextConfig config() {
        ClipTextConfig known = config;
        if (known == null) {
            known = use(ClipTextModel::typedConfig);
            long tokens = Math.min(tokenizer.size(), extra.first());
            if (tokens > known.vocabSize()) {
                throw Problem.failure("the tokenizer has " + tokens
                        + " tokens, but its text encoder has rows for " + known.vocabSize()
                        + " (vocab_size): they do not belong together");
            }
            config = known;
        }
        return known;
    }

    /** Places of a text that it reads at once. */
    int length() {
        return Math.min(tokenizer.maxLength(), config().maxPositionEmbeddings());
    }

    /** The beginning of a text, as far as it is read at once. */
    TextChunk beginning(String text) {
        return chunk(tokens(text).ids());
    }

    private ClipTokenizer.Tokens tokens(String text) {
        return tokenizer.tokens(tokenizer.withSuccessors(text), length());
    }

    private static TextChunk chunk(int[] ids) {
        return new TextChunk(Arrays.stream(ids).boxed().toList());
    }

    /** What of a text {@link #beginning} leaves out; empty where it is all there. */
    String rest(String text) {
        List<Integer> dropped = tokens(text).dropped();
        return dropped.isEmpty() ? "" : tokenizer.decode(dropped);
    }

    String name() {
        return name;
    }

    /** The network; borrowed. */
    Model model() {
        return network.use(model -> model);
    }

    ClipTokenizer tokenizer() {
        return tokenizer;
    }

    /** Tokens that the network has no row for. */
    ExtraTokens extra() {
        return extra;
    }

    @Override
    public void close() {
        extra.close();
        network.close();
    }
}
