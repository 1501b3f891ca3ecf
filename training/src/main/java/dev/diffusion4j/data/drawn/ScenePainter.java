// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.drawn.Scene.Place;
import dev.diffusion4j.data.drawn.Scene.Texture;
import dev.diffusion4j.data.random.SeededRandom;
import java.util.Arrays;

/** Paints scenes at any size: a thing is moved, turned and tinted a little by chance, the ground too. */
final class ScenePainter {
    /** How much of the ground shows through the gaps of a texture. */
    private static final double GAP = 0.7;
    /** Stripes across a radius of 1, and rows of dots. */
    private static final double STRIPES = 1.75;

    private static final double DOTS = 1.6;
    /** How far a thing may be from where it belongs; the largest stay whole. */
    private static final double SHIFT = 0.02;

    private final Scene scene;
    private final int side;
    /** Red, green and blue of each pixel, 0 to 255. */
    private final double[] levels;

    private ScenePainter(Scene scene, int side) {
        this.scene = scene;
        this.side = side;
        this.levels = new double[side * side * 3];
    }

    /**
     * @param isZog whether the first thing has a zog's form in place of its own
     * @param random the scene's chances; the same for each size
     */
    static PixelImage paint(Scene scene, boolean isZog, int side, SeededRandom random) {
        ScenePainter painter = new ScenePainter(scene, side);
        double tint = random.around(5);
        Arrays.fill(painter.levels, scene.ground().level + tint);
        Place place = scene.place();
        painter.add(scene.thing(), isZog, place.x, place.y, random);
        Scene.Thing other = scene.other();
        if (other != null) {
            painter.add(
                    other,
                    false,
                    place == Place.BESIDE ? 1 - place.x : place.x,
                    place == Place.ABOVE ? 1 - place.y : place.y,
                    random);
        }
        return painter.image();
    }

    private void add(Scene.Thing thing, boolean asZog, double middleX, double middleY, SeededRandom random) {
        double x0 = middleX + random.between(-SHIFT, SHIFT);
        double y0 = middleY + random.between(-SHIFT, SHIFT);
        double radius = random.between(scene.size().low, scene.size().high);
        double turn = random.around(0.12);
        Outline outline = asZog ? Outline.zog(turn) : new Outline(thing.form(), turn);
        double tint = random.around(6);
        double pixel = 1 / (side * radius);
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                double unitX = ((x + 0.5) / side - x0) / radius;
                double unitY = ((y + 0.5) / side - y0) / radius;
                double covered = outline.coverage(unitX, unitY, pixel);
                if (covered > 0) {
                    mix((y * side + x) * 3, thing.paint().rgb, tint, covered * (1 - GAP * gap(unitX, unitY, pixel)));
                }
            }
        }
    }

    private void mix(int place, int rgb, double tint, double share) {
        for (int c = 0; c < 3; c++) {
            double level = (rgb >> (16 - 8 * c) & 0xff) + tint;
            levels[place + c] += share * (level - levels[place + c]);
        }
    }

    /** How much of a pixel lies between the stripes, or in a dot; 0 to 1. */
    private double gap(double x, double y, double pixel) {
        if (scene.texture() == Texture.PLAIN) {
            return 0;
        }
        double distance;
        if (scene.texture() == Texture.STRIPED) {
            distance = (fromMiddle(y * STRIPES) - 0.25) / STRIPES;
        } else {
            double dx = fromMiddle(x * DOTS);
            double dy = fromMiddle(y * DOTS);
            distance = (Math.sqrt(dx * dx + dy * dy) - 0.3) / DOTS;
        }
        return Math.max(0, Math.min(1, 0.5 - distance / pixel));
    }

    /** The distance to the nearest whole number. */
    private static double fromMiddle(double value) {
        return Math.abs(value - Math.rint(value));
    }

    private PixelImage image() {
        byte[] pixels = new byte[levels.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (int) (Math.max(0, Math.min(255, levels[i])) + 0.5);
        }
        return new PixelImage(side, side, 3, pixels);
    }
}
