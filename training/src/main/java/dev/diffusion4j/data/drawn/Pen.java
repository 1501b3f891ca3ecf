// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

/** Draws soft white strokes on a black square. Where strokes cross, the brighter one shows, as ink does. */
final class Pen {
    /** Over how many pixels a stroke fades out at its edge. */
    private static final double EDGE = 1.2;

    private final int size;
    private final float[] ink;

    Pen(int size) {
        this.size = size;
        this.ink = new float[size * size];
    }

    /** A straight piece with round ends; {@code radius}: half of its width. All in pixels. */
    void segment(double x0, double y0, double x1, double y1, double radius) {
        double reach = radius + EDGE / 2;
        int left = Math.max(0, (int) Math.floor(Math.min(x0, x1) - reach));
        int right = Math.min(size - 1, (int) Math.floor(Math.max(x0, x1) + reach));
        int top = Math.max(0, (int) Math.floor(Math.min(y0, y1) - reach));
        int bottom = Math.min(size - 1, (int) Math.floor(Math.max(y0, y1) + reach));
        double dx = x1 - x0;
        double dy = y1 - y0;
        double perLength = 1 / Math.max(1e-9, dx * dx + dy * dy);
        for (int y = top; y <= bottom; y++) {
            double py = y + 0.5 - y0;
            for (int x = left; x <= right; x++) {
                double px = x + 0.5 - x0;
                double along = Math.max(0, Math.min(1, (px * dx + py * dy) * perLength));
                double ex = px - along * dx;
                double ey = py - along * dy;
                double squared = ex * ex + ey * ey;
                if (squared < reach * reach) {
                    float level = (float) Math.min(1, (reach - Math.sqrt(squared)) / EDGE);
                    ink[y * size + x] = Math.max(ink[y * size + x], level);
                }
            }
        }
    }

    /** The square's levels; {@code brightness}: that of full ink, in [0, 1]. */
    byte[] levels(double brightness) {
        byte[] levels = new byte[ink.length];
        for (int i = 0; i < ink.length; i++) {
            levels[i] = (byte) (int) (ink[i] * brightness * 255 + 0.5);
        }
        return levels;
    }
}
