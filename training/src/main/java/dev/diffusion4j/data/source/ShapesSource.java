// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.ShapePainter;
import dev.diffusion4j.data.drawn.ShapeScene;
import dev.diffusion4j.data.random.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Coloured shapes with captions, painted at the size that is asked for. Picture i shows the class {@code i mod 6} and depends on
 * the seed, the split and i only; the scene is the same at each size.
 */
public final class ShapesSource implements Dataset {
    /** Raise it with any change that changes a pixel or a caption. */
    private static final int VERSION = 1;

    private static final int TRAIN_SIZE = 30_000;
    private static final int TEST_SIZE = 3_000;
    private static final List<String> NAMES =
            Arrays.stream(ShapeScene.Form.values()).map(Keyed::key).toList();

    private final Split split;
    private final int side;
    private final int size;
    private final long seed;

    /** 30,000 pictures of {@code side}² pixels to train on, 3,000 others to test with, or both. */
    public ShapesSource(Split split, int side, long seed) {
        this.split = split;
        this.side = Check.inRange(side, 8, 4096, "image_size");
        this.seed = seed;
        this.size = (split.hasTrain() ? TRAIN_SIZE : 0) + (split.hasTest() ? TEST_SIZE : 0);
    }

    @Override
    public String description() {
        return "shapes (" + split.key() + ")";
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int channels() {
        return 3;
    }

    @Override
    public int naturalSize() {
        return side;
    }

    @Override
    public List<String> classNames() {
        return NAMES;
    }

    @Override
    public Example example(int index) {
        ShapeScene scene = scene(index);
        return new Example(ShapePainter.paint(scene, side), scene.form().ordinal(), scene.caption());
    }

    @Override
    public int label(int index) {
        return scene(index).form().ordinal();
    }

    @Override
    public String caption(int index) {
        return scene(index).caption();
    }

    ShapeScene scene(int index) {
        Objects.checkIndex(index, size);
        int number = split.hasTrain() ? index : index + TRAIN_SIZE;
        ShapeScene.Form[] forms = ShapeScene.Form.values();
        return ShapeScene.draw(forms[number % forms.length], SeededRandom.of(seed, VERSION, number));
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256("shapes " + VERSION + " " + split.key() + " " + side + " pixels, seed " + seed);
    }
}
