// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipTextConfig;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One of a pipeline's text encoders with its tokenizer. Thread-safe. */
public final class TextEncoder implements AutoCloseable {
    private final String name;
    private final ClipTokenizer tokenizer;
    private final TextNetwork network;
    private volatile @Nullable ClipTextConfig config;

    /**
     * @param name of the part that it is in a pipeline's folder: {@code text_encoder}
     * @param network lends a {@link ClipTextModel}; closed with this
     */
    public TextEncoder(String name, ClipTokenizer tokenizer, TextNetwork network) {
        this.name = name;
        this.tokenizer = tokenizer;
        this.network = network;
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
            if (tokenizer.size() > known.vocabSize()) {
                throw Problem.failure("the tokenizer has " + tokenizer.size()
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
        return chunk(tokenizer.tokens(text, length()).ids());
    }

    private static TextChunk chunk(int[] ids) {
        return new TextChunk(Arrays.stream(ids).boxed().toList());
    }

    /** What of a text {@link #beginning} leaves out; empty where it is all there. */
    String rest(String text) {
        List<Integer> dropped = tokenizer.tokens(text, length()).dropped();
        return dropped.isEmpty() ? "" : tokenizer.decode(dropped);
    }

    String name() {
        return name;
    }

    /** The network; borrowed. */
    Model model() {
        return network.use(model -> model);
    }

    @Override
    public void close() {
        network.close();
    }
}
