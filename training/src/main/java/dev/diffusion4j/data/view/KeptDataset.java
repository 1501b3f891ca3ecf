// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Keeps each picture in memory, prepared by a transform, from its first use on. */
public final class KeptDataset extends DatasetView {
    private final ImageTransform transform;
    private final long bytes;
    private final AtomicReferenceArray<Example> kept;

    /**
     * Owns {@code from}.
     *
     * @param bytes of a picture that is kept
     */
    public KeptDataset(Dataset from, ImageTransform transform, long bytes) {
        super(from);
        this.transform = transform;
        this.bytes = bytes;
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

    /** Bytes of a picture that is kept. */
    public long bytes() {
        return bytes;
    }

    /** How many were not asked for yet, and are not kept. */
    public int missing() {
        int missing = 0;
        for (int i = 0; i < kept.length(); i++) {
            missing += kept.get(i) == null ? 1 : 0;
        }
        return missing;
    }

    /** Of the picture that is kept. */
    @Override
    public Example prepared(int index, ImageTransform other) {
        return example(index).prepared(other);
    }

    @Override
    public boolean isCheap() {
        return true;
    }
}
