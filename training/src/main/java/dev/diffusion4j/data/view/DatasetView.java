// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is seen of a data set: as it is, but for what a view changes. It owns the data set: {@link #close} closes it. */
abstract class DatasetView implements Dataset {
    final Dataset from;

    DatasetView(Dataset from) {
        this.from = from;
    }

    /** Where the picture at a place of the view stands in {@link #from}. */
    int place(int index) {
        return index;
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
        return from.isCheap();
    }

    @Override
    public List<String> classNames() {
        return from.classNames();
    }

    @Override
    public int label(int index) {
        return from.label(place(index));
    }

    @Override
    public String name(int index) {
        return from.name(place(index));
    }

    @Override
    public @Nullable String caption(int index) {
        return from.caption(place(index));
    }

    @Override
    public @Nullable String exchanged(int index) {
        return from.exchanged(place(index));
    }

    @Override
    public List<String> captions(int index) {
        return from.captions(place(index));
    }

    @Override
    public Example example(int index) {
        return from.example(place(index));
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return from.prepared(place(index), transform);
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
