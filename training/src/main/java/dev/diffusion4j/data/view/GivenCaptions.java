// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A view whose pictures each have one caption, which the view gives. */
abstract class GivenCaptions extends DatasetView {
    GivenCaptions(Dataset from) {
        super(from);
    }

    @Override
    public abstract String caption(int index);

    @Override
    public List<String> captions(int index) {
        return List.of(caption(index));
    }

    /** Not known of these captions. */
    @Override
    public @Nullable String exchanged(int index) {
        return null;
    }

    @Override
    public Example example(int index) {
        return captioned(super.example(index), index);
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return captioned(super.prepared(index, transform), index);
    }

    private Example captioned(Example example, int index) {
        return new Example(example.image(), label(index), caption(index));
    }
}
