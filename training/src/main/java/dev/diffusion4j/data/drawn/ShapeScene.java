// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.random.SeededRandom;

/**
 * What a picture of the {@code shapes} set shows; places and sizes are parts of the picture's side.
 *
 * @param x the middle of the shape, and {@code y}; {@code radius}: from there to its furthest point
 * @param turn in radians
 */
public record ShapeScene(
        Form form, Paint paint, Size size, Ground ground, double x, double y, double radius, double turn, double tint) {

    /** The classes. */
    public enum Form implements Keyed {
        CIRCLE("circle"),
        SQUARE("square"),
        TRIANGLE("triangle"),
        STAR("star"),
        RING("ring"),
        CROSS("cross");

        private final String key;

        Form(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** The colours, which can be distinguished on each ground. */
    public enum Paint implements Keyed {
        RED("red", 0xDC3232),
        ORANGE("orange", 0xF08C1E),
        YELLOW("yellow", 0xF0D232),
        GREEN("green", 0x32AA46),
        BLUE("blue", 0x3264DC),
        PURPLE("purple", 0x8C3CBE),
        PINK("pink", 0xF082B4),
        BROWN("brown", 0x825028);

        private final String key;
        public final int rgb;

        Paint(String key, int rgb) {
            this.key = key;
            this.rgb = rgb;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** How large. */
    enum Size {
        SMALL("small", 0.14, 0.19),
        MEDIUM("medium", 0.24, 0.30),
        LARGE("large", 0.36, 0.44);

        final String word;
        final double low;
        final double high;

        Size(String word, double low, double high) {
            this.word = word;
            this.low = low;
            this.high = high;
        }
    }

    /** What is behind. */
    enum Ground {
        DARK("dark", 28),
        GREY("grey", 118),
        LIGHT("light", 232);

        final String word;
        final int level;

        Ground(String word, int level) {
            this.word = word;
            this.level = level;
        }
    }

    public static ShapeScene draw(Form form, SeededRandom random) {
        Paint paint = Paint.values()[random.nextInt(Paint.values().length)];
        Size size = Size.values()[random.nextInt(Size.values().length)];
        Ground ground = Ground.values()[random.nextInt(Ground.values().length)];
        double radius = random.between(size.low, size.high);
        double x = random.between(radius + 0.03, 0.97 - radius);
        double y = random.between(radius + 0.03, 0.97 - radius);
        return new ShapeScene(form, paint, size, ground, x, y, radius, random.around(0.25), random.around(8));
    }

    /** "a small red circle on a dark background". */
    public String caption() {
        String article = "a " + size.word;
        return article + " " + paint.key() + " " + form.key() + " on a " + ground.word + " background";
    }
}
