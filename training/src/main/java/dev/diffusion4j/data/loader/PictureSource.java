// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Pictures as a transform prepares them.
 *
 * @param dataset borrowed
 */
record PictureSource(Dataset dataset, ImageTransform transform) implements BatchSource {
    @Override
    public String description() {
        return dataset.description();
    }

    @Override
    public int size() {
        return dataset.size();
    }

    @Override
    public long[] shape() {
        return new long[] {transform.channels(), transform.height(), transform.width()};
    }

    @Override
    public Row read(int index) {
        Example example = dataset.prepared(index, transform);
        return new Row() {
            @Override
            public int label() {
                return example.label();
            }

            @Override
            public @Nullable String caption() {
                return example.caption();
            }

            @Override
            public @Nullable String exchanged() {
                return dataset.exchanged(index);
            }

            @Override
            public void fill(RandomGenerator random, float[] into, int offset) {
                transform.apply(example.image(), random, into, offset);
            }
        };
    }
}
