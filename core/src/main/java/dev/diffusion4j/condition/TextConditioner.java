// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.clip.LearntRows;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Prompts to what Stable Diffusion attends to, as diffusers' {@code encode_prompt} does: the states of one text encoder, or those of two
 * side by side with the pooled text of the one that has a projection. "Nothing" is the empty prompt, or zeros where the network was trained so. It keeps
 * the states of texts across calls, except those of encoders that learn, which compute on the tape.
 *
 * <pre>{@code
 * try (TextConditioner conditioner = TextConditioner.of(List.of(encoder), TextForm.LAST, false)) {
 *     Conditioning conditioning = conditioner.with(new TextSettings(1, PromptSyntax.PLAIN, null)).encode(List.of(Subject.ofPrompt("a red cat")));
 * }
 * }</pre>
 */
public final class TextConditioner implements Conditioner {
    /** Some hundred prompts. */
    private static final long CACHE_BYTES = 64L << 20;

    /** Letters of words that are not read, in a message. */
    private static final int MOST_QUOTED = 300;

    private static final Pattern LORA = Pattern.compile("<(lora|lyco):[^>]+>");

    private final PromptEncoding encoding;
    private final TextSettings settings;
    private final boolean refines;
    private final boolean together;
    private final boolean isView;

    private TextConditioner(
            PromptEncoding encoding, TextSettings settings, boolean refines, boolean together, boolean isView) {
        this.together = together;
        this.encoding = encoding;
        this.settings = settings;
        this.refines = refines;
        this.isView = isView;
    }

    /**
     * @param encoders one, or two whose states are joined; closed with this
     * @param form which of their states the network attends to
     * @param zerosForNothing whether nothing is zeros: {@code force_zeros_for_empty_prompt}
     */
    public static TextConditioner of(List<TextEncoder> encoders, TextForm form, boolean zerosForNothing) {
        Check.that(!encoders.isEmpty(), "a text conditioner needs a text encoder");
        return new TextConditioner(
                new PromptEncoding(encoders, form, zerosForNothing, Set.of(), new TextCache(CACHE_BYTES)),
                TextSettings.DEFAULT,
                false,
                false,
                false);
    }

    /** The same with other settings; it shares encoders and states with this one and need not be closed. */
    public TextConditioner with(TextSettings value) {
        return new TextConditioner(encoding, value, refines, together, true);
    }

    /**
     * The same that also knows learnt words, in any letter case and within other words. It takes the place of this one: closing it
     * closes the encoders.
     *
     * @param learnt copied; they may be closed
     * @throws Problem (a wrong request) where one does not fit the encoders, or its word is a token already
     */
    public TextConditioner withWords(List<TextualInversion> learnt) {
        List<TextEncoder> encoders = new LearntWords(encoding.encoders(), encoding.form()).with(learnt);
        return new TextConditioner(encoding.withEncoders(encoders), settings, refines, together, isView);
    }

    /**
     * The same for a network that refines finished pictures and is given a score in place of a size: {@code requires_aesthetics_score}. It takes
     * the place of this one: closing it closes the encoders.
     */
    public TextConditioner withScore() {
        return new TextConditioner(encoding, settings, true, together, isView);
    }

    /**
     * The same where some encoders learn: their states are not kept, and gradients reach their networks. It takes the place of this one:
     * closing it closes the encoders.
     *
     * @param names of the parts that learn
     */
    public TextConditioner withLearning(Set<String> names) {
        return new TextConditioner(encoding.withLearning(names), settings, refines, together, isView);
    }

    /**
     * The same with a word that learns: as many new tokens as it is cut into, which begin as copies of those. Gradients reach their rows, and no states
     * are kept. It takes the place of this one: closing it closes the encoder.
     *
     * @throws Problem (a wrong request) where there are two encoders, or the word is a token already
     */
    public TextConditioner withLearningWord(String word) {
        TextEncoder only = onlyEncoder(word);
        return withLearning(only.withLearning(word, only.vectors(word)));
    }

    /**
     * {@link #withLearningWord(String)} that goes on from vectors that were learnt before.
     *
     * @param before copied; it may be closed
     * @throws Problem (a wrong request) also where they do not fit the encoder
     */
    public TextConditioner withLearningWord(TextualInversion before) {
        TextEncoder only = onlyEncoder(before.word());
        Tensor rows = before.rows(only);
        if (rows == null) {
            throw Problem.request(before.file() + " has vectors of " + before.widths()
                    + " numbers, but the text encoder takes " + only.config().hiddenSize()
                    + ": it was made for another base");
        }
        return withLearning(only.withLearning(before.word(), new LearntRows(rows)));
    }

    /**
     * {@link #withLearningWord(String)} with so many vectors of zeros, which a checkpoint fills.
     *
     * @throws Problem (a wrong request) likewise
     */
    public TextConditioner withLearningWord(String word, int vectors) {
        TextEncoder only = onlyEncoder(word);
        try (Tensor zeros =
                TensorScope.ownResult(() -> torch.zeros(vectors, only.config().hiddenSize()))) {
            return withLearning(only.withLearning(word, new LearntRows(zeros)));
        }
    }

    private TextConditioner withLearning(TextEncoder only) {
        return new TextConditioner(encoding.withEncoders(List.of(only)), settings, refines, together, isView);
    }

    /** The one encoder that a new word can be learnt for. */
    private TextEncoder onlyEncoder(String word) {
        if (encoding.encoders().size() > 1) {
            throw Problem.request(
                    "'" + word + "' cannot be learnt as a new word of two text encoders, but only of one");
        }
        TextEncoder only = encoding.encoders().get(0);
        if (LearntWords.isKnown(only.tokenizer(), word)) {
            throw Problem.request("'" + word + "' cannot be learnt as a new word, because it is a token of the text"
                    + " encoder already, a usual word or one that was learnt before: choose another word");
        }
        return only;
    }

    /** The word that learns, borrowed; {@code null} for none. */
    public @Nullable LearningWord learningWord() {
        return encoding.encoders().get(0).learning();
    }

    /**
     * The same that encodes all plain prompts of a batch in one pass, as training does: quicker, and the same numbers to rounding. It takes
     * the place of this one: closing it closes the encoders.
     */
    public TextConditioner inBatches() {
        return new TextConditioner(encoding, settings, refines, true, isView);
    }

    /** The same that keeps no states; it shares the encoders with this one and need not be closed. */
    public TextConditioner keepingNone() {
        return new TextConditioner(encoding.withCache(new TextCache(0)), settings, refines, together, true);
    }

    /** What each encoder is given for a plain prompt: all its places. */
    public List<List<Integer>> tokens(String prompt) {
        return encoding.encoders().stream()
                .map(encoder -> encoder.beginning(prompt).ids())
                .toList();
    }

    /**
     * The length of a plain prompt, without the tokens at its beginning and its end.
     *
     * @param used tokens that it has, for the encoder that has the fewest places
     * @param most that are read at once
     */
    public record Length(int used, int most) {}

    /** How long a plain prompt is. */
    public Length length(String prompt) {
        return encoding.encoders().stream()
                .min(Comparator.comparingInt(TextEncoder::length))
                .map(encoder -> new Length(encoder.tokenizer().encode(prompt).size(), encoder.length() - 2))
                .orElseThrow();
    }

    /** (L, D) of a prompt's states; nothing is computed. */
    public long[] statesShape() {
        long features = encoding.encoders().stream()
                .mapToLong(encoder -> encoder.config().hiddenSize())
                .sum();
        return new long[] {encoding.encoders().get(0).length(), features};
    }

    /** How prompts are encoded. */
    public TextSettings settings() {
        return settings;
    }

    /** diffusers' defaults of Stable Diffusion and XL. */
    @Override
    public double usualScale() {
        return encoding.form() == TextForm.LAST ? 7.5 : 5;
    }

    @Override
    public boolean givesPooledText() {
        return encoding.form() == TextForm.PENULTIMATE;
    }

    @Override
    public boolean isGuidedAboveOne() {
        return true;
    }

    @Override
    public Conditioner forCall(SampleSize size, int clipSkip, PromptSyntax syntax) {
        TimeIds ids = refines ? TimeIds.ofScore(size) : TimeIds.ofSize(size);
        return with(new TextSettings(clipSkip, syntax, encoding.form() == TextForm.LAST ? null : ids));
    }

    @Override
    public boolean refines() {
        return refines;
    }

    @Override
    public Subject.Kind takes() {
        return Subject.Kind.PROMPT;
    }

    @Override
    public Map<String, Model> networks() {
        Map<String, Model> networks = new LinkedHashMap<>();
        encoding.encoders().forEach(encoder -> networks.put(encoder.name(), encoder.model()));
        return networks;
    }

    @Override
    public Map<String, LentModel> lent() {
        Map<String, LentModel> lent = new LinkedHashMap<>();
        encoding.encoders().forEach(encoder -> lent.put(encoder.name(), encoder.lent()));
        return lent;
    }

    @Override
    public Set<String> learning() {
        return encoding.learning();
    }

    /** With the rows of a {@linkplain #withLearningWord word that learns}, as {@link LearningWord#PART}. */
    @Override
    public Map<String, Model> learners() {
        Map<String, Model> all = new LinkedHashMap<>(Conditioner.super.learners());
        LearningWord word = learningWord();
        if (word != null) {
            all.put(LearningWord.PART, word.rows());
        }
        return all;
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        new PromptCheck(encoding.encoders(), encoding.form(), settings).check(subjects, field);
    }

    @Override
    public List<String> unread(Subject subject) {
        List<String> sentences = new ArrayList<>();
        if (settings.syntax() != PromptSyntax.PLAIN) {
            return sentences; // as many chunks as it takes
        }
        if (LORA.matcher(PromptEncoding.text(subject, 0)).find()) {
            sentences.add(
                    "<lora:…> is words in {promptSyntax} plain; a1111 and comfy look for such an adapter in {loraDir}");
        }
        for (int i = 0; i < encoding.encoders().size(); i++) {
            TextEncoder encoder = encoding.encoders().get(i);
            String rest = encoder.rest(PromptEncoding.text(subject, i));
            if (!rest.isEmpty()) {
                sentences.add("a text encoder reads " + (encoder.length() - 2)
                        + " tokens of a prompt; it does not read " + quoted(rest));
            }
        }
        return sentences.stream().distinct().toList();
    }

    private static String quoted(String words) {
        int more = words.length() - MOST_QUOTED;
        return more <= 0
                ? "'" + words + "'"
                : "'" + words.substring(0, MOST_QUOTED) + "…', and " + more + " letters more";
    }

    /**
     * {@link Conditioning#ENCODER_HIDDEN_STATES}, (B, L, D) in the encoders' dtype; and with {@link TextForm#PENULTIMATE}
     * {@link Conditioning#TEXT_EMBEDS}, (B, P); and {@link Conditioning#TIME_IDS}, {@code float32 (B, n)}, where there are any. A subject without a
     * prompt is nothing.
     */
    @Override
    public Conditioning encode(List<Subject> subjects) {
        TimeIds ids = settings.timeIds();
        return rows(subjects, settings.clipSkip(), ids == null ? null : ids.with());
    }

    /** As {@link #encode}; a plain prompt with no block left out, as diffusers does. */
    @Override
    public Conditioning encodeAway(List<Subject> subjects) {
        return rows(subjects, settings.clipSkipAway(), awayIds());
    }

    private @Nullable List<Double> awayIds() {
        TimeIds ids = settings.timeIds();
        return ids == null ? null : ids.away();
    }

    private Conditioning rows(List<Subject> subjects, int skipped, @Nullable List<Double> timeIds) {
        return TensorScope.keepAll(
                () -> {
                    Map<Subject, Conditioning> different = together && settings.syntax() == PromptSyntax.PLAIN
                            ? rowsTogether(subjects, skipped)
                            : rowsOneByOne(subjects, skipped);
                    return Conditioning.join(
                            subjects.stream()
                                    .map(subject -> withIds(Objects.requireNonNull(different.get(subject)), timeIds))
                                    .toList(),
                            Conditioning.Padding.REPEAT);
                },
                Conditioning::tensors);
    }

    private Map<Subject, Conditioning> rowsOneByOne(List<Subject> subjects, int skipped) {
        Map<Subject, Conditioning> different = new LinkedHashMap<>();
        for (Subject subject : subjects) {
            if (!different.containsKey(subject)) {
                different.put(
                        subject,
                        subject.prompt() == null
                                ? encoding.nothing(settings.clipSkipAway())
                                : encoding.row(subject, settings.syntax(), skipped));
            }
        }
        return different;
    }

    private Map<Subject, Conditioning> rowsTogether(List<Subject> subjects, int skipped) {
        Map<Subject, Conditioning> different = new LinkedHashMap<>();
        List<Subject> prompts = subjects.stream()
                .filter(subject -> subject.prompt() != null)
                .distinct()
                .toList();
        if (!prompts.isEmpty()) {
            List<Conditioning> rows = encoding.rows(prompts, skipped);
            for (int i = 0; i < prompts.size(); i++) {
                different.put(prompts.get(i), rows.get(i));
            }
        }
        subjects.stream()
                .filter(subject -> subject.prompt() == null)
                .forEach(subject ->
                        different.computeIfAbsent(subject, none -> encoding.nothing(settings.clipSkipAway())));
        return different;
    }

    private static Conditioning withIds(Conditioning row, @Nullable List<Double> timeIds) {
        return timeIds == null
                ? row
                : row.with(
                        Conditioning.TIME_IDS,
                        Tensors.ofDoubles(timeIds.stream()
                                        .mapToDouble(Double::doubleValue)
                                        .toArray())
                                .unsqueeze(0));
    }

    @Override
    public boolean canDrop() {
        return true;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        return TensorScope.keepAll(
                () -> {
                    Conditioning away = nothingLike(conditioning, keep.size(0));
                    return keep.count_nonzero(new org.bytedeco.pytorch.LongOptional())
                                            .item_long()
                                    == 0
                            ? replaced(conditioning, away)
                            : mixed(conditioning, away, keep);
                },
                Conditioning::tensors);
    }

    /** Nothing for each picture, where and as the conditioning is. */
    private Conditioning nothingLike(Conditioning conditioning, long count) {
        Tensor states = Check.given(conditioning.get(Conditioning.ENCODER_HIDDEN_STATES), "a prompt's states");
        Conditioning one = withIds(encoding.nothingLike(conditioning, settings.clipSkipAway()), awayIds())
                .to(states.device(), Tensors.type(states));
        return Conditioning.join(Collections.nCopies((int) count, one), Conditioning.Padding.REFUSE);
    }

    private static Conditioning replaced(Conditioning conditioning, Conditioning by) {
        Conditioning result = conditioning;
        for (String name : by.names()) {
            result = result.with(name, Objects.requireNonNull(by.get(name)));
        }
        return result;
    }

    /** Row by row the one or the other, brought to one length. */
    private static Conditioning mixed(Conditioning conditioning, Conditioning away, Tensor keep) {
        long count = keep.size(0);
        Conditioning with = Conditioning.NONE;
        for (String name : away.names()) {
            with = with.with(name, Check.given(conditioning.get(name), name));
        }
        Conditioning both = Conditioning.join(List.of(with, away), Conditioning.Padding.REPEAT);
        Conditioning mixed = Conditioning.NONE;
        for (String name : away.names()) {
            Tensor tensor = Objects.requireNonNull(both.get(name));
            Tensor kept = keep.to(tensor.device(), Tensors.type(keep)).ne(new Scalar(0.0));
            while (kept.dim() < tensor.dim()) {
                kept = kept.unsqueeze(-1);
            }
            mixed = mixed.with(name, torch.where(kept, tensor.narrow(0, 0, count), tensor.narrow(0, count, count)));
        }
        return replaced(conditioning, mixed);
    }

    /** Frees the states that it keeps, and closes the encoders; a view does nothing. */
    @Override
    public void close() {
        if (!isView) {
            encoding.close();
        }
    }
}
