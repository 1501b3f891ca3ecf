// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.drawn.ShapeScene.Form;
import org.jspecify.annotations.Nullable;

/** The edge of a form of radius 1 around the origin, as a distance that is negative inside. */
final class Outline {
    private static final double THICK = 0.34;
    /** What is cut out of a zog: a circle of this radius, so far from the middle, in this direction. */
    private static final double CUT = 0.72;

    private static final double CUT_FROM_MIDDLE = 0.45;
    private static final double CUT_TURN = 0.8;

    private final @Nullable Form form;
    private final double[] corners;

    private Outline(@Nullable Form form, double[] corners) {
        this.form = form;
        this.corners = corners;
    }

    /** @param turn in radians */
    Outline(Form form, double turn) {
        this(form, corners(form, turn));
    }

    /** A crescent that opens to the upper right: a form that is none of {@link Form}. */
    static Outline zog(double turn) {
        double angle = turn + CUT_TURN;
        return new Outline(
                null, new double[] {CUT_FROM_MIDDLE * StrictMath.sin(angle), -CUT_FROM_MIDDLE * StrictMath.cos(angle)});
    }

    /** From a point to the edge, negative inside. */
    double distance(double x, double y) {
        if (form == null) {
            double dx = x - corners[0];
            double dy = y - corners[1];
            return Math.max(Math.sqrt(x * x + y * y) - 1, CUT - Math.sqrt(dx * dx + dy * dy));
        }
        return switch (form) {
            case CIRCLE -> Math.sqrt(x * x + y * y) - 1;
            case RING -> Math.abs(Math.sqrt(x * x + y * y) - (1 - THICK / 2)) - THICK / 2;
            default -> polygon(x, y);
        };
    }

    /**
     * How much of a pixel the form covers, 0 to 1.
     *
     * @param pixel the pixel's side
     */
    double coverage(double x, double y, double pixel) {
        double outside = x * x + y * y > (1 + pixel) * (1 + pixel) ? 1 : distance(x, y) / pixel;
        return Math.max(0, Math.min(1, 0.5 - outside));
    }

    /** Signed distance to a polygon; the sign by counting the edges that a ray to the right crosses. */
    private double polygon(double x, double y) {
        double nearest = Double.MAX_VALUE;
        boolean inside = false;
        int n = corners.length / 2;
        for (int i = 0; i < n; i++) {
            double ax = corners[2 * i];
            double ay = corners[2 * i + 1];
            double bx = corners[2 * ((i + 1) % n)];
            double by = corners[2 * ((i + 1) % n) + 1];
            double ex = bx - ax;
            double ey = by - ay;
            double along = Math.max(0, Math.min(1, ((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)));
            double dx = x - ax - along * ex;
            double dy = y - ay - along * ey;
            nearest = Math.min(nearest, dx * dx + dy * dy);
            if (ay > y != by > y && x < ex * (y - ay) / ey + ax) {
                inside = !inside;
            }
        }
        return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
    }

    /** x and y of each corner, all within radius 1. */
    private static double[] corners(Form form, double turn) {
        return switch (form) {
            case SQUARE -> wheel(turn + Math.PI / 4, 1, 1, 1, 1);
            case TRIANGLE -> wheel(turn, 1, 1, 1);
            case STAR -> wheel(turn, 1, 0.42, 1, 0.42, 1, 0.42, 1, 0.42, 1, 0.42);
            case CROSS -> cross(turn);
            default -> new double[0];
        };
    }

    /** Corners at equal angles, the first at the top, at the given distances from the middle. */
    private static double[] wheel(double turn, double... radii) {
        double[] corners = new double[2 * radii.length];
        for (int i = 0; i < radii.length; i++) {
            double angle = turn + 2 * Math.PI * i / radii.length;
            corners[2 * i] = radii[i] * StrictMath.sin(angle);
            corners[2 * i + 1] = -radii[i] * StrictMath.cos(angle);
        }
        return corners;
    }

    private static double[] cross(double turn) {
        double far = 0.94;
        double near = 0.3;
        double[] upright = {
            -near, -far, near, -far, near, -near, far, -near, far, near, near, near, near, far, -near, far, -near, near,
            -far, near, -far, -near, -near, -near
        };
        double sin = StrictMath.sin(turn);
        double cos = StrictMath.cos(turn);
        double[] corners = new double[upright.length];
        for (int i = 0; i < upright.length; i += 2) {
            corners[i] = upright[i] * cos - upright[i + 1] * sin;
            corners[i + 1] = upright[i] * sin + upright[i + 1] * cos;
        }
        return corners;
    }
}
