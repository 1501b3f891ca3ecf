// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.PixelImage;

/** Paints a scene at any size: each pixel's distance to the shape's edge decides how much of it is covered. */
public final class ShapePainter {
    private ShapePainter() {}

    public static PixelImage paint(ShapeScene scene, int side) {
        byte[] pixels = new byte[side * side * 3];
        Outline outline = new Outline(scene.form(), scene.turn());
        double pixel = 1 / (side * scene.radius());
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                double unitX = ((x + 0.5) / side - scene.x()) / scene.radius();
                double unitY = ((y + 0.5) / side - scene.y()) / scene.radius();
                double covered = outline.coverage(unitX, unitY, pixel);
                for (int c = 0; c < 3; c++) {
                    int level = scene.paint().rgb >> (16 - 8 * c) & 0xff;
                    double ground = scene.ground().level;
                    double mixed = ground + scene.tint() + covered * (level - ground);
                    pixels[(y * side + x) * 3 + c] = (byte) (int) (Math.max(0, Math.min(255, mixed)) + 0.5);
                }
            }
        }
        return new PixelImage(side, side, 3, pixels);
    }
}
