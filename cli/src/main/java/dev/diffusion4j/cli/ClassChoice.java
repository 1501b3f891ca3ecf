// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --class} said.
 *
 * @param all of the network's classes
 * @param one class; {@code null} where none was named
 */
record ClassChoice(boolean all, @Nullable Integer one) {
    /** Pictures in a row of a grid where classes do not say otherwise. */
    static final int PER_ROW = 8;

    private static final int LONGEST_ROW = 16;

    static ClassChoice parse(@Nullable String text) {
        if (text == null) {
            return new ClassChoice(false, null);
        }
        if (text.equalsIgnoreCase("all")) {
            return new ClassChoice(true, null);
        }
        try {
            return new ClassChoice(false, Integer.valueOf(text));
        } catch (NumberFormatException e) {
            throw Problem.request("--class must be a whole number or 'all', but was '" + text + "'");
        }
    }

    /** A class for each picture, {@code count} of each; {@code null} where no class was named. */
    @Nullable
    List<Integer> of(DiffusionPipeline pipeline, int count) {
        if (one != null) {
            return Collections.nCopies(count, one);
        }
        if (!all) {
            return null;
        }
        if (pipeline.classInput() == ClassInput.ANY_NUMBER) {
            throw Problem.request(
                    "--class all has no end with this network, which takes any whole number from 0 as a class:"
                            + " say which with --class N");
        }
        List<Integer> each = IntStream.range(0, pipeline.numClasses())
                .boxed()
                .flatMap(label -> Collections.nCopies(count, label).stream())
                .toList();
        if (each.isEmpty() && pipeline.classInput() == ClassInput.NONE) {
            throw Problem.request("this network was not trained on classes: leave --class away");
        }
        return each.isEmpty() ? null : each;
    }

    /** A class a row; one picture of each of a few classes in one row. */
    int perRow(DiffusionPipeline pipeline, int count) {
        if (all && count > 1) {
            return count;
        }
        return all && pipeline.numClasses() <= LONGEST_ROW ? Math.max(1, pipeline.numClasses()) : PER_ROW;
    }
}
