// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.drawn.ShapeScene.Form;
import dev.diffusion4j.data.drawn.ShapeScene.Paint;
import dev.diffusion4j.data.random.SeededRandom;
import org.jspecify.annotations.Nullable;

/**
 * What a picture of the {@code scenes} set shows: one thing with its size, texture and place, or two things with their places
 * beside each other; both are then of one size, and plain.
 *
 * @param other the second thing, right of the first or below it; {@code null} for none
 */
public record Scene(Thing thing, @Nullable Thing other, Size size, Texture texture, Place place, Ground ground) {

    /** A form in a colour. */
    public record Thing(Form form, Paint paint) {
        /**
         * Whether no picture to train on shows this form in this colour, so that whoever draws it has put together what it
         * knows. Each colour is kept from one form, each form from one colour or two.
         */
        public boolean isHeldOut() {
            return paint.ordinal() % Form.values().length == form.ordinal();
        }
    }

    /** How large the things are; {@code MEDIUM} where there are two. */
    public enum Size implements Keyed {
        SMALL("small", 0.16, 0.18),
        MEDIUM("medium", 0.2, 0.22),
        LARGE("large", 0.27, 0.29);

        private final String key;
        final double low;
        final double high;

        Size(String key, double low, double high) {
            this.key = key;
            this.low = low;
            this.high = high;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** What covers a thing; {@code PLAIN} where there are two. */
    public enum Texture implements Keyed {
        PLAIN("plain"),
        STRIPED("striped"),
        DOTTED("dotted");

        private final String key;

        Texture(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** Where the thing is, or both: the first one left of the other, or above it. */
    public enum Place implements Keyed {
        MIDDLE("middle", 0.5, 0.5),
        LEFT("left", 0.31, 0.5),
        RIGHT("right", 0.69, 0.5),
        TOP("top", 0.5, 0.31),
        BOTTOM("bottom", 0.5, 0.69),
        BESIDE("beside", 0.26, 0.5),
        ABOVE("above", 0.5, 0.26);

        private final String key;
        final double x;
        final double y;

        Place(String key, double x, double y) {
            this.key = key;
            this.x = x;
            this.y = y;
        }

        @Override
        public String key() {
            return key;
        }

        boolean isForTwo() {
            return this == BESIDE || this == ABOVE;
        }
    }

    /** What is behind. */
    public enum Ground implements Keyed {
        BLACK("black", 22),
        GREY("grey", 122),
        WHITE("white", 236);

        private final String key;
        final int level;

        Ground(String key, int level) {
            this.key = key;
            this.level = level;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /**
     * A scene by chance.
     *
     * @param heldOut whether it shows a thing that is held out; otherwise it shows none
     */
    public static Scene draw(boolean heldOut, SeededRandom random) {
        Ground ground = pick(Ground.values(), random);
        if (random.nextInt(3) == 0) {
            boolean second = heldOut && random.nextBoolean();
            Thing one = thing(heldOut && !second, random);
            Thing two = thing(second, random);
            Place place = random.nextBoolean() ? Place.BESIDE : Place.ABOVE;
            return new Scene(one, two, Size.MEDIUM, Texture.PLAIN, place, ground);
        }
        Size size = random.nextBoolean() ? Size.SMALL : Size.LARGE;
        Place place = Place.values()[random.nextInt(Place.BESIDE.ordinal())];
        return new Scene(thing(heldOut, random), null, size, pick(Texture.values(), random), place, ground);
    }

    /** The same with its two things in each other's places; {@code null} where there is one, or both are the same. */
    public @Nullable Scene exchanged() {
        return other == null || other.equals(thing) ? null : new Scene(other, thing, size, texture, place, ground);
    }

    private static Thing thing(boolean heldOut, SeededRandom random) {
        Thing thing;
        do {
            thing = new Thing(pick(Form.values(), random), pick(Paint.values(), random));
        } while (thing.isHeldOut() != heldOut);
        return thing;
    }

    private static <E> E pick(E[] values, SeededRandom random) {
        return values[random.nextInt(values.length)];
    }
}
