// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.bench.load.Drawer.End;
import dev.diffusion4j.bench.load.Drawer.Outcome;
import dev.diffusion4j.bench.load.LoadPlan.Asked;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Many callers of one process, who want pictures, lose interest, and come back where they were refused: what it holds from the fiftieth request on, and
 * whether each picture is the one that a single caller gets.
 */
final class ServiceLoad {
    /** Different pictures, each drawn by a single caller first. */
    private static final int PICTURES = 100;
    /** Requests after which nothing may grow. */
    private static final int FROM = 50;

    private static final long SEED = 13;

    private final Drawer drawer;
    private final List<float[]> alone = new ArrayList<>();
    private final Map<End, Integer> ends = new EnumMap<>(End.class);
    private double difference;
    private double single;

    ServiceLoad(Drawer drawer) {
        this.drawer = drawer;
    }

    /** Draws what one caller gets, and finds out how long a picture takes. */
    void begin(int pictures) {
        for (int i = 0; i < Math.min(pictures, PICTURES); i++) {
            alone.add(drawer.draw(Asked.patient(i), 1).sample());
        }
        single = loop(alone.size()) / alone.size();
    }

    /** One caller; seconds. */
    double loop(int pictures) {
        long begun = System.nanoTime();
        for (int i = 0; i < pictures; i++) {
            take(Asked.patient(i % alone.size()), drawer.draw(Asked.patient(i % alone.size()), 1));
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    /** How long all took together, and what the half and all but a hundredth of them waited at most. */
    record Waits(double seconds, double half, double most) {}

    /** All want their pictures and wait for them. */
    Waits patient(Crowd crowd, int requests) {
        LoadPlan plan = LoadPlan.patient(requests, alone.size());
        Latencies latencies = new Latencies();
        double seconds = crowd.run(requests, i -> {
            long begun = System.nanoTime();
            take(plan.requests().get(i), drawer.draw(plan.requests().get(i), 1));
            latencies.add((System.nanoTime() - begun) / 1e9);
        });
        return new Waits(seconds, latencies.quantile(0.5), latencies.quantile(0.99));
    }

    /** A third of them leave, at moments within what half of the patient ones wait at most. */
    Map<String, Object> restless(Crowd crowd, int requests) {
        LoadPlan plan = LoadPlan.of(requests, alone.size(), SEED);
        double unit = patient(crowd, 4 * crowd.size()).half();
        Growth growth = new Growth(FROM);
        ends.clear();
        double seconds = crowd.run(requests, i -> {
            ask(plan.requests().get(i), unit);
            growth.ended();
        });
        Map<String, Object> report = new LinkedHashMap<>(growth.toMap());
        report.put("rate", ends.getOrDefault(End.DRAWN, 0) / seconds);
        report.put("difference", difference);
        ends.forEach((end, count) -> report.put(end.name().toLowerCase(Locale.ROOT), (long) count));
        if (drawer instanceof ServiceDrawer service) {
            report.put("refusal_p50", service.refusals().quantile(0.5));
            report.put("refusal_most", service.refusals().quantile(1));
        }
        return report;
    }

    /** Again, where there was no room. */
    private void ask(Asked asked, double unit) {
        Outcome outcome = drawer.draw(asked, unit);
        take(asked, outcome);
        while (outcome.end() == End.REFUSED) {
            try {
                Thread.sleep(Math.max(1, Math.round(single * 1000)));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            outcome = drawer.draw(asked, unit);
            take(asked, outcome);
        }
    }

    private synchronized void take(Asked asked, Outcome outcome) {
        ends.merge(outcome.end(), 1, Integer::sum);
        if (outcome.end() == End.DRAWN) {
            difference = Math.max(difference, difference(alone.get((int) asked.seed()), outcome.sample()));
        }
    }

    private static double difference(float[] one, float[] other) {
        if (one.length == 0 || one.length != other.length) {
            return Double.POSITIVE_INFINITY;
        }
        double most = 0;
        for (int i = 0; i < one.length; i++) {
            most = Math.max(most, Math.abs(one[i] - other[i]));
        }
        return most;
    }

    /** Seconds of one caller's picture. */
    double single() {
        return single;
    }
}
