// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.DrawnScene;
import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.data.drawn.ZogScene;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link ScenesSource} with zogs among them: of the scenes with one thing, each third one shows a zog in place of it. For judges of what a model
 * draws that has learnt it: the attribute {@code form} has the answer {@code zog} besides, the others are what they were.
 */
public final class ZogScenesSource implements Dataset {
    /** Raise it with any change that changes a pixel or a caption. */
    private static final int VERSION = 1;

    private static final int EACH = 3;

    private final ScenesSource scenes;
    private final int side;
    private final long seed;
    private final boolean isForm;
    private final List<String> classNames;

    /**
     * As many pictures of {@code side}² pixels as {@link ScenesSource} has.
     *
     * @param attribute what is a picture's class; {@code null} for the form
     * @throws IllegalArgumentException where there is no such attribute
     */
    public ZogScenesSource(Split split, int side, long seed, @Nullable String attribute) {
        this.scenes = new ScenesSource(split, side, seed, attribute);
        this.side = side;
        this.seed = seed;
        this.isForm = attribute == null || attribute.equals(SceneAttribute.FORM.key());
        List<String> names = new ArrayList<>(scenes.classNames());
        if (isForm) {
            names.add(ZogScene.NAME);
        }
        this.classNames = List.copyOf(names);
    }

    /** The zog at a place; {@code null} where another thing is shown. */
    private @Nullable ZogScene zog(int index) {
        DrawnScene drawn = scenes.scene(index);
        return index % EACH == 0 && drawn.scene().other() == null ? new ZogScene(drawn.scene(), seed, index) : null;
    }

    @Override
    public String description() {
        return scenes.description().replace("scenes", "zog_scenes");
    }

    @Override
    public int size() {
        return scenes.size();
    }

    @Override
    public int channels() {
        return 3;
    }

    @Override
    public int naturalSize() {
        return scenes.naturalSize();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public Example example(int index) {
        ZogScene zog = zog(index);
        return zog == null ? scenes.example(index) : new Example(zog.paint(side), classNames.size() - 1, zog.caption());
    }

    @Override
    public int label(int index) {
        return isForm && zog(index) != null ? classNames.size() - 1 : scenes.label(index);
    }

    @Override
    public String caption(int index) {
        ZogScene zog = zog(index);
        return zog == null ? scenes.caption(index) : zog.caption();
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256("zog_scenes " + VERSION + " " + scenes.fingerprint());
    }
}
