// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.random.EpochOrder;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Some of a data set's pictures, in its order: the first hundred, the 80 % to train on, any thousand. */
public final class Subset implements Dataset {
    private final Dataset whole;
    private final int[] indices;
    private final String which;

    private Subset(Dataset whole, int[] indices, String which) {
        this.whole = whole;
        this.indices = indices;
        this.which = which;
    }

    /** Pictures {@code from} … {@code to}−1 of {@code whole}, which it owns: {@link #close} closes it. */
    public static Subset range(Dataset whole, int from, int to) {
        Check.that(
                0 <= from && from < to && to <= whole.size(),
                "pictures " + from + " to " + (to - 1) + " cannot be had of " + whole.size());
        return new Subset(whole, IntStream.range(from, to).toArray(), "pictures " + from + " to " + (to - 1));
    }

    /** {@code count} pictures drawn by chance, always the same ones, so that all classes are among them; owns {@code whole}. */
    public static Subset sample(Dataset whole, int count) {
        Check.inRange(count, 1, whole.size(), "limit");
        EpochOrder order = new EpochOrder(whole.size(), true, 0);
        int[] indices =
                IntStream.range(0, count).map(i -> order.index(0, i)).sorted().toArray();
        return new Subset(whole, indices, count + " of " + whole.size());
    }

    /**
     * Cuts a data set in two by chance, always in the same way: what is held back and what is left.
     *
     * @param share of the pictures that is held back, in (0, 1); at least one is, and at least one is left
     * @param heldBack which of both to return; it owns {@code whole}
     */
    public static Subset split(Dataset whole, double share, boolean heldBack) {
        Check.that(whole.size() >= 2, whole.description() + " has too few pictures to hold any back");
        int held = Math.max(1, Math.min(whole.size() - 1, (int) Math.round(share * whole.size())));
        EpochOrder order = new EpochOrder(whole.size(), true, 0);
        int[] indices = IntStream.range(heldBack ? 0 : held, heldBack ? held : whole.size())
                .map(i -> order.index(0, i))
                .sorted()
                .toArray();
        return new Subset(whole, indices, indices.length + " of " + whole.size() + (heldBack ? " held back" : " kept"));
    }

    @Override
    public String description() {
        return whole.description() + ", " + which;
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public int channels() {
        return whole.channels();
    }

    @Override
    public int naturalSize() {
        return whole.naturalSize();
    }

    @Override
    public boolean isCheap() {
        return whole.isCheap();
    }

    @Override
    public List<String> classNames() {
        return whole.classNames();
    }

    @Override
    public int label(int index) {
        return whole.label(indices[index]);
    }

    @Override
    public String name(int index) {
        return whole.name(indices[index]);
    }

    @Override
    public @Nullable String caption(int index) {
        return whole.caption(indices[index]);
    }

    @Override
    public @Nullable String exchanged(int index) {
        return whole.exchanged(indices[index]);
    }

    @Override
    public Example example(int index) {
        return whole.example(indices[index]);
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return whole.prepared(indices[index], transform);
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = new LinkedHashMap<>(whole.contents());
        contents.put("part that is used", which);
        return contents;
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(whole.fingerprint() + " " + which);
    }

    @Override
    public void close() {
        whole.close();
    }
}
