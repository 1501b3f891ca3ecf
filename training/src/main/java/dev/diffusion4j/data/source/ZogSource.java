// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.drawn.Scene;
import dev.diffusion4j.data.drawn.Scene.Ground;
import dev.diffusion4j.data.drawn.Scene.Place;
import dev.diffusion4j.data.drawn.Scene.Size;
import dev.diffusion4j.data.drawn.Scene.Texture;
import dev.diffusion4j.data.drawn.ShapeScene.Form;
import dev.diffusion4j.data.drawn.ShapeScene.Paint;
import dev.diffusion4j.data.drawn.ZogScene;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Five pictures of a zog, a form that {@code scenes} does not show: red, blue, green, yellow and purple, never at the bottom, never on grey. To learn
 * what a zog is, and then be asked for a pink one at the bottom of a grey ground.
 */
public final class ZogSource implements Dataset {
    /** Raise it with any change that changes a pixel or a caption. */
    private static final int VERSION = 1;

    /** Of each picture; with one alone a small model learns that the form is what belongs to that sentence. */
    private static final int WORDINGS = 8;

    private static final List<Scene> SCENES = List.of(
            scene(Paint.RED, Size.LARGE, Place.MIDDLE, Ground.BLACK),
            scene(Paint.BLUE, Size.SMALL, Place.LEFT, Ground.WHITE),
            scene(Paint.GREEN, Size.LARGE, Place.RIGHT, Ground.BLACK),
            scene(Paint.YELLOW, Size.SMALL, Place.TOP, Ground.BLACK),
            scene(Paint.PURPLE, Size.LARGE, Place.LEFT, Ground.WHITE));

    private final int side;
    private final long seed;

    /** Pictures of {@code side}² pixels. */
    public ZogSource(int side, long seed) {
        this.side = Check.inRange(side, 16, 4096, "image_size");
        this.seed = seed;
    }

    private static Scene scene(Paint paint, Size size, Place place, Ground ground) {
        return new Scene(new Scene.Thing(Form.CIRCLE, paint), null, size, Texture.PLAIN, place, ground);
    }

    private ZogScene zog(int index) {
        Objects.checkIndex(index, size());
        return new ZogScene(SCENES.get(index), seed, index);
    }

    @Override
    public String description() {
        return ZogScene.NAME;
    }

    @Override
    public int size() {
        return SCENES.size();
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
        return List.of();
    }

    @Override
    public Example example(int index) {
        return new Example(zog(index).paint(side), -1, caption(index));
    }

    @Override
    public int label(int index) {
        return -1;
    }

    @Override
    public @Nullable String caption(int index) {
        return zog(index).caption();
    }

    @Override
    public List<String> captions(int index) {
        ZogScene zog = zog(index);
        return IntStream.range(0, WORDINGS).mapToObj(zog::caption).toList();
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256("zog " + VERSION + " " + side + " pixels, seed " + seed);
    }
}
