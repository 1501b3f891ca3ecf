// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Keeps each picture in memory, prepared by a transform, from its first use on. */
public final class KeptDataset implements Dataset {
    private final Dataset from;
    private final ImageTransform transform;
    private final AtomicReferenceArray<Example> kept;

    /** Owns {@code from}. */
    public KeptDataset(Dataset from, ImageTransform transform) {
        this.from = from;
        this.transform = transform;
        this.kept = new AtomicReferenceArray<>(from.size());
    }

    @Override
    public Example example(int index) {
        Example known = kept.get(index);
        if (known != null) {
            return known;
        }
        // two threads may do this at once; what they make is equal
        Example prepared = from.prepared(index, transform);
        kept.set(index, prepared);
        return prepared;
    }

    @Override
    public String description() {
        return from.description();
    }

    @Override
    public int size() {
        return from.size();
    }

    @Override
    public int channels() {
        return from.channels();
    }

    @Override
    public int naturalSize() {
        return from.naturalSize();
    }

    @Override
    public boolean isCheap() {
        return true;
    }

    @Override
    public int label(int index) {
        return from.label(index);
    }

    @Override
    public String name(int index) {
        return from.name(index);
    }

    @Override
    public @Nullable String caption(int index) {
        return from.caption(index);
    }

    @Override
    public @Nullable String exchanged(int index) {
        return from.exchanged(index);
    }

    @Override
    public List<String> classNames() {
        return from.classNames();
    }

    @Override
    public Map<String, String> contents() {
        return from.contents();
    }

    @Override
    public String fingerprint() {
        return from.fingerprint();
    }

    @Override
    public void close() {
        from.close();
    }
}
