// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.drawn.Scene.Place;
import dev.diffusion4j.data.drawn.Scene.Size;
import dev.diffusion4j.data.drawn.Scene.Texture;
import dev.diffusion4j.data.random.SeededRandom;

/** Captions of scenes: everything that the picture shows, in one of many ways that people write it. */
final class SceneWords {
    private final Scene scene;
    private final String form;
    private final SeededRandom random;

    private SceneWords(Scene scene, String form, SeededRandom random) {
        this.scene = scene;
        this.form = form;
        this.random = random;
    }

    /** A caption by chance, without a full stop. */
    static String caption(Scene scene, SeededRandom random) {
        return caption(scene, scene.thing().form().key(), random);
    }

    /**
     * A caption in which the first thing's form has another name.
     *
     * @param form its name
     */
    static String caption(Scene scene, String form, SeededRandom random) {
        SceneWords words = new SceneWords(scene, form, random);
        Scene.Thing other = scene.other();
        return words.onGround(other == null ? words.single() + " " + words.place() : words.pair(scene.thing(), other));
    }

    private String onGround(String what) {
        String ground = scene.ground().key();
        return switch (random.nextInt(5)) {
            case 0 -> what + " on a " + ground + " ground";
            case 1 -> what + ", on " + ground;
            case 2 -> "a picture of " + what + ", " + ground + " background";
            case 3 -> "on a " + ground + " background, " + what;
            default -> what + " on a " + ground + " background";
        };
    }

    /** "a small striped red circle", "a big red circle with stripes". */
    private String single() {
        String size = scene.size() == Size.LARGE && random.nextBoolean()
                ? "big"
                : scene.size().key();
        String name = scene.thing().paint().key() + " " + form;
        if (scene.texture() == Texture.PLAIN) {
            return "a " + size + (random.nextInt(3) == 0 ? " plain " : " ") + name;
        }
        String after = scene.texture() == Texture.STRIPED ? " with stripes" : " with dots";
        return random.nextInt(3) == 0
                ? "a " + size + " " + name + after
                : "a " + size + " " + scene.texture().key() + " " + name;
    }

    private String place() {
        return switch (scene.place()) {
            case MIDDLE -> one("in the middle", "in the centre");
            case LEFT -> one("on the left", "at the left");
            case RIGHT -> one("on the right", "at the right");
            case TOP -> one("at the top", "near the top");
            case BOTTOM -> one("at the bottom", "near the bottom");
            case BESIDE, ABOVE -> throw new IllegalStateException("a place for two: " + scene.place());
        };
    }

    private String pair(Scene.Thing first, Scene.Thing second) {
        String one = name(first, form);
        String two = name(second, second.form().key());
        boolean beside = scene.place() == Place.BESIDE;
        if (random.nextInt(3) == 0) {
            return two + (beside ? one(" to the right of ", " right of ") : one(" below ", " under ")) + one;
        }
        return one + (beside ? one(" to the left of ", " left of ") : one(" above ", " over ")) + two;
    }

    private static String name(Scene.Thing thing, String form) {
        String colour = thing.paint().key();
        return (colour.startsWith("o") ? "an " : "a ") + colour + " " + form;
    }

    private String one(String a, String b) {
        return random.nextBoolean() ? a : b;
    }
}
