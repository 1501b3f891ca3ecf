// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Encodes captions by looking up what another conditioner made of them before: numbers of one length for each caption, the tensors of its {@link
 * Conditioning} one after the other. A caption that is not known is encoded as ever, and so is nothing. All else is the other conditioner's, which is
 * borrowed, in a call for pictures of one size whose captions are read as they stand.
 */
public final class KeptStates implements Conditioner {
    private final Conditioner conditioner;
    private final SampleSize size;
    private final Map<String, long[]> shapes;
    private final int numbers;
    private final Rows rows;

    /** What is known of captions. Thread-safe. */
    @FunctionalInterface
    public interface Rows {
        /**
         * Looks a caption up.
         *
         * @param into gets its numbers, from {@code offset} on
         * @return whether it is known
         */
        boolean read(String caption, float[] into, int offset);
    }

    /**
     * @param conditioner whose networks stay as they are; borrowed, and asked for an empty caption now
     * @param size of the pictures, in pixels
     * @param rows made by {@link #of} for pictures of that size
     */
    public KeptStates(Conditioner conditioner, SampleSize size, Rows rows) {
        this.conditioner = inCall(conditioner, size);
        this.size = size;
        this.rows = rows;
        this.shapes = TensorScope.compute(() -> shapes(this.conditioner.encode(List.of(Subject.ofPrompt("")))));
        this.numbers = Math.toIntExact(
                shapes.values().stream().mapToLong(Shapes::count).sum());
    }

    /** By name, in the names' order, of one caption. */
    private static Map<String, long[]> shapes(Conditioning one) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        one.names().stream().sorted().forEach(name -> {
            long[] whole = Tensors.shape(Objects.requireNonNull(one.get(name)));
            shapes.put(name, Arrays.copyOfRange(whole, 1, whole.length));
        });
        return shapes;
    }

    private static Conditioner inCall(Conditioner conditioner, SampleSize size) {
        return conditioner.forCall(size, 0, PromptSyntax.PLAIN);
    }

    /**
     * What a conditioner makes of captions, in one pass.
     *
     * @param size of the pictures, in pixels
     * @return the numbers of each
     */
    public static List<float[]> of(Conditioner conditioner, SampleSize size, List<String> captions) {
        return rows(
                inCall(conditioner, size),
                captions.stream().map(Subject::ofPrompt).toList());
    }

    private static List<float[]> rows(Conditioner conditioner, List<Subject> subjects) {
        float[] all = TensorScope.compute(() -> {
            Conditioning made = conditioner.encode(subjects);
            TensorVector flat = new TensorVector();
            for (String name : new TreeSet<>(made.names())) {
                flat.push_back(Objects.requireNonNull(made.get(name)).flatten(1, -1));
            }
            return Tensors.floats(cat(flat, 1));
        });
        int length = all.length / subjects.size();
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < subjects.size(); i++) {
            rows.add(Arrays.copyOfRange(all, i * length, (i + 1) * length));
        }
        return rows;
    }

    /** As the other conditioner encodes, {@code float32} on the CPU. */
    @Override
    public Conditioning encode(List<Subject> subjects) {
        float[] values = new float[Math.multiplyExact(numbers, subjects.size())];
        List<Integer> unknown = new ArrayList<>();
        for (int i = 0; i < subjects.size(); i++) {
            Subject subject = subjects.get(i);
            String caption = subject.prompt2() == null ? subject.prompt() : null;
            if (caption == null || !rows.read(caption, values, i * numbers)) {
                unknown.add(i);
            }
        }
        if (!unknown.isEmpty()) {
            List<float[]> made =
                    rows(conditioner, unknown.stream().map(subjects::get).toList());
            for (int i = 0; i < unknown.size(); i++) {
                System.arraycopy(made.get(i), 0, values, unknown.get(i) * numbers, numbers);
            }
        }
        return TensorScope.keepAll(() -> cut(Tensors.of(values, subjects.size(), numbers)), Conditioning::tensors);
    }

    private Conditioning cut(Tensor all) {
        Conditioning conditioning = Conditioning.NONE;
        long start = 0;
        for (Map.Entry<String, long[]> entry : shapes.entrySet()) {
            long count = Shapes.count(entry.getValue());
            conditioning = conditioning.with(
                    entry.getKey(), all.narrow(1, start, count).reshape(shape(all.size(0), entry.getValue())));
            start += count;
        }
        return conditioning;
    }

    private static long[] shape(long count, long[] one) {
        long[] all = new long[one.length + 1];
        all[0] = count;
        System.arraycopy(one, 0, all, 1, one.length);
        return all;
    }

    @Override
    public Subject.Kind takes() {
        return conditioner.takes();
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        conditioner.check(subjects, field);
    }

    @Override
    public Conditioning encodeAway(List<Subject> subjects) {
        return conditioner.encodeAway(subjects);
    }

    @Override
    public List<String> unread(Subject subject) {
        return conditioner.unread(subject);
    }

    @Override
    public double usualScale() {
        return conditioner.usualScale();
    }

    @Override
    public boolean givesPooledText() {
        return conditioner.givesPooledText();
    }

    @Override
    public boolean refines() {
        return conditioner.refines();
    }

    @Override
    public boolean isGuidedAboveOne() {
        return conditioner.isGuidedAboveOne();
    }

    /** This one for what was kept, the other conditioner's for another call. */
    @Override
    public Conditioner forCall(SampleSize other, int clipSkip, PromptSyntax syntax) {
        return other.equals(size) && clipSkip == 0 && syntax == PromptSyntax.PLAIN
                ? this
                : conditioner.forCall(other, clipSkip, syntax);
    }

    @Override
    public boolean canDrop() {
        return conditioner.canDrop();
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        return conditioner.drop(conditioning, keep);
    }

    @Override
    public Map<String, Model> networks() {
        return conditioner.networks();
    }

    @Override
    public Map<String, LentModel> lent() {
        return conditioner.lent();
    }
}
