// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;
import java.util.function.Function;

/**
 * The overlapping tiles that a picture is worked on in.
 *
 * @param side height and width of one, in pixels
 * @param overlap of two, as a share of {@code side}
 */
record Tiles(int side, double overlap) {

    /**
     * What a picture costs: each tile's operations, and the memory of one.
     *
     * @param pass what a pass of that size costs
     */
    PassCost cost(SampleSize picture, Function<SampleSize, PassCost> pass) {
        SampleSize one = new SampleSize(Math.min(picture.height(), side), Math.min(picture.width(), side));
        PassCost cost = pass.apply(one);
        double times = along(picture.height()) / one.height() * along(picture.width()) / one.width();
        return new PassCost(cost.work().times(times), cost.values(), cost.made(), cost.madeSplit());
    }

    /** The sum of the tiles' lengths, of which the last are cut off. */
    private double along(int length) {
        int step = side - (int) (side * overlap);
        double sum = 0;
        for (int start = 0; start < length && length > side; start += step) {
            sum += Math.min(side, length - start);
        }
        return length > side ? sum : length;
    }
}
