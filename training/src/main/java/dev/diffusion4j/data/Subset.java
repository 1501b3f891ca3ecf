// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import java.util.List;
import java.util.Objects;

/** A run of a data set's pictures: the first hundred, or the 80 % to train on. */
public final class Subset implements Dataset {
    private final Dataset whole;
    private final int from;
    private final int to;

    /** Pictures {@code from} … {@code to}−1 of {@code whole}, which it owns: {@link #close} closes it. */
    public Subset(Dataset whole, int from, int to) {
        Check.that(
                0 <= from && from < to && to <= whole.size(),
                "a part " + from + " … " + to + " of " + whole.size() + " pictures cannot be");
        this.whole = whole;
        this.from = from;
        this.to = to;
    }

    @Override
    public String description() {
        return whole.description() + ", pictures " + from + " to " + (to - 1);
    }

    @Override
    public int size() {
        return to - from;
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
    public Example example(int index) {
        return whole.example(from + Objects.checkIndex(index, size()));
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return whole.prepared(from + Objects.checkIndex(index, size()), transform);
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(whole.fingerprint() + " " + from + " " + to);
    }

    @Override
    public void close() {
        whole.close();
    }
}
