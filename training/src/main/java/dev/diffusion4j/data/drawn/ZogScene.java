// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.random.SeededRandom;

/** A scene whose one thing is a zog: a crescent, a form that no other set shows, to be learnt from a few pictures. */
public final class ZogScene {
    /** The word for it. */
    public static final String NAME = "zog";

    private final Scene scene;
    private final long seed;
    private final long number;

    /** @param number which picture of it of this seed */
    public ZogScene(Scene scene, long seed, long number) {
        this.scene = scene;
        this.seed = seed;
        this.number = number;
    }

    /** All but its form, which is none that a scene knows. */
    public Scene scene() {
        return scene;
    }

    public String caption() {
        return caption(0);
    }

    /** @param wording which of the ways to say it, by chance; two may be the same */
    public String caption(int wording) {
        return SceneWords.caption(scene, NAME, chances(wording == 0 ? 1 : 2 + wording));
    }

    /** RGB of {@code side}² pixels. */
    public PixelImage paint(int side) {
        return ScenePainter.paint(scene, true, side, chances(2));
    }

    private SeededRandom chances(int use) {
        return SeededRandom.of(seed, use, number);
    }
}
