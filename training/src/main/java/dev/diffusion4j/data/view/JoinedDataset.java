// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Several data sets of the same classes, one behind the other. */
public final class JoinedDataset implements Dataset {
    private final String description;
    private final List<Dataset> parts;
    private final int size;

    /** Owns its parts: {@link #close} closes them. */
    public JoinedDataset(String description, List<? extends Dataset> parts) {
        Check.that(!parts.isEmpty(), "there must be at least one part");
        this.description = description;
        this.parts = List.copyOf(parts);
        int sum = 0;
        for (Dataset part : parts) {
            Check.that(
                    part.classNames().equals(parts.get(0).classNames()),
                    part.description() + " has other classes than "
                            + parts.get(0).description());
            sum = Math.addExact(sum, part.size());
        }
        this.size = sum;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int channels() {
        return parts.stream().mapToInt(Dataset::channels).max().orElseThrow();
    }

    @Override
    public int naturalSize() {
        return parts.get(0).naturalSize();
    }

    @Override
    public boolean isCheap() {
        return parts.stream().allMatch(Dataset::isCheap);
    }

    @Override
    public List<String> classNames() {
        return parts.get(0).classNames();
    }

    @Override
    public Example example(int index) {
        return find(index, Dataset::example);
    }

    @Override
    public int label(int index) {
        return find(index, Dataset::label);
    }

    @Override
    public @Nullable String caption(int index) {
        return find(index, Dataset::caption);
    }

    @Override
    public @Nullable String exchanged(int index) {
        return find(index, Dataset::exchanged);
    }

    @Override
    public String name(int index) {
        return find(index, (part, place) -> part.description() + ", " + part.name(place));
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return find(index, (part, place) -> part.prepared(place, transform));
    }

    private <T extends @Nullable Object> T find(int index, BiFunction<Dataset, Integer, T> read) {
        Objects.checkIndex(index, size);
        int left = index;
        for (Dataset part : parts) {
            if (left < part.size()) {
                return read.apply(part, left);
            }
            left -= part.size();
        }
        throw new IllegalStateException("index " + index);
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = new LinkedHashMap<>();
        parts.forEach(part ->
                part.contents().forEach((name, value) -> contents.put(name + " of " + part.description(), value)));
        return contents;
    }

    @Override
    public String fingerprint() {
        StringBuilder all = new StringBuilder("joined");
        parts.forEach(part -> all.append(' ').append(part.fingerprint()));
        return Hashes.sha256(all.toString());
    }

    @Override
    public void close() {
        parts.forEach(Dataset::close);
    }
}
