// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipTextConfig;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.clip.ExtraTokens;
import dev.diffusion4j.model.clip.LearntRows;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.ParsedPrompt;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** One of a pipeline's text encoders with its tokenizer. Thread-safe. */
public final class TextEncoder implements AutoCloseable {
    private static final String EMBEDDING = "embedding:";

    private final String name;
    private final ClipTokenizer tokenizer;
    private final ClipTokenizer weighing;
    private final LentModel network;
    private final ExtraTokens extra;
    private final Map<Integer, Integer> vectors;
    private final @Nullable LearningWord learning;
    private volatile @Nullable ClipTextConfig config;

    /**
     * @param name of the part that it is in a pipeline's folder: {@code text_encoder}
     * @param network lends a {@link ClipTextModel}; closed with this
     */
    public TextEncoder(String name, ClipTokenizer tokenizer, LentModel network) {
        this(name, tokenizer, network, ExtraTokens.NONE, Map.of(), null);
    }

    /**
     * @param vectors how many each learnt word has, by the first one's token
     * @param learning whose rows are those of {@code extra}, and closed with this; {@code null} for none
     */
    private TextEncoder(
            String name,
            ClipTokenizer tokenizer,
            LentModel network,
            ExtraTokens extra,
            Map<Integer, Integer> vectors,
            @Nullable LearningWord learning) {
        this.learning = learning;
        this.name = name;
        this.tokenizer = tokenizer;
        this.weighing = tokenizer.withPaddingAsWord();
        this.vectors = vectors;
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
        Check.that(learning == null, "no words are added beside one that learns");
        List<String> tokens = new ArrayList<>();
        Map<Integer, Integer> counts = new HashMap<>(vectors);
        List<Tensor> rows = new ArrayList<>();
        Tensor before = extra.rows();
        if (before != null) {
            rows.add(before);
        }
        words.forEach((word, table) -> {
            rows.add(table);
            counts.put(tokenizer.size() + tokens.size(), (int) table.size(0));
            for (int i = 0; i < table.size(0); i++) {
                tokens.add(ClipTokenizer.successor(word, i));
            }
        });
        long first = before == null ? tokenizer.size() : extra.first();
        ExtraTokens all = new ExtraTokens(
                first, TensorScope.ownResult(() -> torch.cat(new TensorVector(rows.toArray(Tensor[]::new)), 0)));
        extra.close();
        return new TextEncoder(name, tokenizer.withWords(tokens), network, all, Map.copyOf(counts), null);
    }

    /** Vectors for a word that is to learn, as many as it has tokens, which begin as copies of the rows of these; the caller closes them. */
    LearntRows vectors(String word) {
        List<Integer> cut = tokenizer.encode(word);
        return use(model -> model.rowsFrom(cut));
    }

    /**
     * The same with a word that learns; it takes the place of this one. The network stays as it is.
     *
     * @param word that is no token yet
     * @param rows its vectors; closed with this
     */
    TextEncoder withLearning(String word, LearntRows rows) {
        Check.that(vectors.isEmpty(), "a word learns where no others were learnt before");
        int count = (int) rows.rows().size(0);
        List<String> tokens = IntStream.range(0, count)
                .mapToObj(i -> ClipTokenizer.successor(word, i))
                .toList();
        int first = tokenizer.size();
        return new TextEncoder(
                name,
                tokenizer.withWords(tokens),
                network,
                new ExtraTokens(first, rows.rows()),
                Map.of(first, count),
                new LearningWord(word, rows));
    }

    /** The word that learns; {@code null} for none. */
    @Nullable
    LearningWord learning() {
        return learning;
    }

    /** What lends its network; borrowed. */
    LentModel lent() {
        return network;
    }

    <R> R use(Function<ClipTextModel, R> body) {
        return network.use(model -> body.apply(known(model)));
    }

    private static ClipTextModel known(Model model) {
        if (model instanceof ClipTextModel text) {
            return text;
        }
        throw Problem.failure("a " + model.modelClass().name() + " is no text encoder that is known");
    }

    /** The network's sizes, which are read when they are first needed. */
    ClipTextConfig config() {
        ClipTextConfig known = config;
        if (known == null) {
            known = network.ask(model -> known(model).typedConfig());
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

    /** A prompt's chunks, at least one. */
    List<TextChunk> chunks(ParsedPrompt prompt, PromptSyntax syntax) {
        return switch (syntax) {
            case PLAIN -> List.of(beginning(prompt.texts().get(0).text()));
            case A1111 -> PromptChunks.a1111(prompt, this);
            case COMFY -> PromptChunks.comfy(prompt, this);
        };
    }

    /** The chunk of an empty prompt. */
    TextChunk empty() {
        return beginning("");
    }

    /** The one chunk of a plain text, as much of it as there is room for. */
    TextChunk beginning(String text) {
        int[] ids = places(text).ids();
        return new TextChunk(Arrays.stream(ids).boxed().toList(), Collections.nCopies(ids.length, 1.0));
    }

    private ClipTokenizer.Tokens places(String text) {
        return tokenizer.tokens(tokenizer.withSuccessors(text), length());
    }

    /** For a prompt whose chunks a tool with weights fills. */
    ChunkBuilder newChunks() {
        return new ChunkBuilder(weighing, length());
    }

    /** The token of a comma; −1 where there is none. */
    int commaId() {
        return tokenizer.vocabulary().ids().getOrDefault(",</w>", -1);
    }

    /** A text's tokens, those of a learnt word together. */
    List<List<Integer>> tokens(String text) {
        List<Integer> ids = weighing.encode(weighing.withSuccessors(text));
        List<List<Integer>> groups = new ArrayList<>();
        int i = 0;
        while (i < ids.size()) {
            int end = Math.min(ids.size(), i + vectors.getOrDefault(ids.get(i), 1));
            groups.add(ids.subList(i, end));
            i = end;
        }
        return groups;
    }

    /** The tokens of a word between blanks; ComfyUI writes a learnt word {@code embedding:word}. */
    List<Integer> word(String word) {
        String name = learntWord(word);
        if (name == null) {
            return weighing.encode(weighing.withSuccessors(word));
        }
        List<Integer> tokens = new ArrayList<>();
        if (knowsLearnt(name)) {
            tokens.addAll(weighing.encode(weighing.withSuccessors(name)));
        }
        tokens.addAll(weighing.encode(word.substring(EMBEDDING.length() + name.length())));
        return tokens;
    }

    /** The learnt word that ComfyUI means, or {@code null}. */
    static @Nullable String learntWord(String word) {
        return word.startsWith(EMBEDDING) ? word.substring(EMBEDDING.length()).replaceAll(",+$", "") : null;
    }

    /** Whether it is a learnt word, in any letter case. */
    boolean knowsLearnt(String name) {
        return tokenizer.addedTokens().stream().anyMatch(name::equalsIgnoreCase);
    }

    /** What of a plain text its chunk leaves out; empty where it is all there. */
    String rest(String text) {
        List<Integer> dropped = places(text).dropped();
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
        if (learning == null) {
            extra.close();
        } else {
            learning.rows().close();
        }
        network.close();
    }
}
