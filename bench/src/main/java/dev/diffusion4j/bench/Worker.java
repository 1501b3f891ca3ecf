// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.bench.load.ServiceCase;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * One case in one process, so that its peak memory is its own. It gets ready, says so, and does one round for each line {@code go};
 * {@code bench/compare} interleaves the rounds of several such processes, Java's and Python's. {@code bench/peers/worker.py} is its
 * twin.
 */
public final class Worker {
    private Worker() {}

    /** {@code train|recipe|forward|features|photos|table|stable|load|callers} and the case's own arguments; see {@code bench/rows.py}. */
    public static void main(String[] arguments) throws Exception {
        List<String> words = Arrays.asList(arguments);
        Path folder = Path.of(words.get(1));
        List<String> rest = words.subList(2, words.size());
        Rounds rounds = new Rounds(System.in, System.out);
        try {
            switch (words.get(0)) {
                case "train" -> TrainCase.run(folder, rest, rounds);
                case "recipe" -> RecipeCase.run(folder, rest, rounds);
                case "features" -> FeaturesCase.run(folder, rest, rounds);
                case "forward" -> ForwardCase.run(folder, rest, rounds);
                case "photos" -> PhotosCase.run("folder:" + folder, rest, rounds);
                case "table" -> PhotosCase.run("parquet:" + folder, rest, rounds);
                case "stable" -> StableCase.run(folder, rest, rounds);
                case "callers" -> ServiceCase.run(folder, rest, rounds);
                case "load" -> LoadCase.run(folder, rest, rounds);
                default -> throw new IllegalArgumentException("no such case: " + words.get(0));
            }
        } catch (Problem e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
        System.exit(0); // other threads may still wait for work
    }
}
