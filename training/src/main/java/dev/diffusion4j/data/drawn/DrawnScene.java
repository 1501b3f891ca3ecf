// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.random.SeededRandom;
import org.jspecify.annotations.Nullable;

/** A scene by its number: what it shows, its words and its picture, each from chances of its own. */
public final class DrawnScene {
    private final Scene scene;
    private final long seed;
    private final long number;

    /**
     * @param heldOut whether it shows a thing that is held out; see {@link Scene#draw}
     * @param number which scene of this seed
     */
    public DrawnScene(boolean heldOut, long seed, long number) {
        this.seed = seed;
        this.number = number;
        this.scene = Scene.draw(heldOut, chances(0));
    }

    public Scene scene() {
        return scene;
    }

    public String caption() {
        return SceneWords.caption(scene, chances(1));
    }

    /** The caption in which the two things have changed places; {@code null} where {@link Scene#exchanged()} is. */
    public @Nullable String exchangedCaption() {
        Scene exchanged = scene.exchanged();
        return exchanged == null ? null : SceneWords.caption(exchanged, chances(1));
    }

    /** RGB of {@code side}² pixels. */
    public PixelImage paint(int side) {
        return ScenePainter.paint(scene, false, side, chances(2));
    }

    private SeededRandom chances(int use) {
        return SeededRandom.of(seed, use, number);
    }
}
