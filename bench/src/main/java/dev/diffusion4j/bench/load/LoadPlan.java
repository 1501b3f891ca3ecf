// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * What callers ask for, and when they lose interest: a third of them at some moment, and a tenth of the others after a time that they say beforehand. The same
 * for the same seed.
 */
record LoadPlan(List<Asked> requests) {
    private static final double SHORTEST_DEADLINE = 0.2;

    /**
     * One request. Times count from its submission, in units of what patient callers wait, so that they fall before, within and after the drawing on a
     * fast machine as on a slow one.
     *
     * @param seed of the picture
     * @param leaves when the caller goes away; infinite for never
     * @param deadline when the picture is of no use any more; infinite for never
     */
    record Asked(long seed, double leaves, double deadline) {
        /** Wanted until it is there. */
        static Asked patient(long seed) {
            return new Asked(seed, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
    }

    LoadPlan {
        requests = List.copyOf(requests);
    }

    /** @param pictures how many different ones, with the seeds from 0 */
    static LoadPlan of(int count, int pictures, long seed) {
        Random random = new Random(seed);
        List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
        Collections.shuffle(order, random);
        int leaving = count / 3;
        int hurried = (count - leaving) / 10;
        List<Asked> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int place = order.get(i);
            Asked patient = Asked.patient(i % pictures);
            double moment = random.nextDouble();
            if (place < leaving) {
                requests.add(new Asked(patient.seed, moment, patient.deadline));
            } else if (place < leaving + hurried) {
                requests.add(new Asked(patient.seed, patient.leaves, SHORTEST_DEADLINE + moment));
            } else {
                requests.add(patient);
            }
        }
        return new LoadPlan(requests);
    }

    /** Everybody waits for the picture. */
    static LoadPlan patient(int count, int pictures) {
        return new LoadPlan(IntStream.range(0, count)
                .mapToObj(i -> Asked.patient(i % pictures))
                .toList());
    }
}
