// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.DrawnScene;
import dev.diffusion4j.data.drawn.SceneAttribute;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Scenes of one or two things with varied captions, painted at the size that is asked for. Those to test with show forms in colours
 * that no picture to train on shows. Picture i depends on the seed, the part and i only; its class is the answer to one
 * {@linkplain SceneAttribute attribute}.
 */
public final class ScenesSource implements Dataset {
    /** Raise it with any change that changes a pixel or a caption. */
    private static final int VERSION = 1;

    private static final int TRAIN_SIZE = 1_000_000;
    private static final int TEST_SIZE = 10_000;

    private final Split split;
    private final int side;
    private final int size;
    private final long seed;
    private final SceneAttribute attribute;

    /**
     * 1,000,000 pictures of {@code side}² pixels to train on, 10,000 others to test with, or both.
     *
     * @param attribute what is a picture's class; {@code null} for the form
     * @throws IllegalArgumentException where there is no such attribute
     */
    public ScenesSource(Split split, int side, long seed, @Nullable String attribute) {
        this.split = split;
        this.side = Check.inRange(side, 16, 4096, "image_size");
        this.seed = seed;
        this.attribute = attribute == null
                ? SceneAttribute.FORM
                : Keyed.fromKey(SceneAttribute.class, attribute, "attribute of scenes");
        this.size = (split.hasTrain() ? TRAIN_SIZE : 0) + (split.hasTest() ? TEST_SIZE : 0);
    }

    @Override
    public String description() {
        return "scenes (" + split.key() + ")";
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
        return attribute.classes();
    }

    @Override
    public Example example(int index) {
        DrawnScene drawn = scene(index);
        return new Example(drawn.paint(side), attribute.of(drawn.scene()), drawn.caption());
    }

    @Override
    public int label(int index) {
        return attribute.of(scene(index).scene());
    }

    @Override
    public String caption(int index) {
        return scene(index).caption();
    }

    @Override
    public @Nullable String exchanged(int index) {
        return scene(index).exchangedCaption();
    }

    /** What a picture shows. */
    public DrawnScene scene(int index) {
        Objects.checkIndex(index, size);
        boolean heldOut = !split.hasTrain() || index >= TRAIN_SIZE;
        return new DrawnScene(heldOut, seed, split.hasTrain() ? index : index + TRAIN_SIZE);
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256("scenes " + VERSION + " " + split.key() + " by " + attribute.key() + " " + side
                + " pixels, seed " + seed);
    }
}
