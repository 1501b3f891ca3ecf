// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.bench.Rounds;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rounds of {@link ServiceLoad}, for {@code bench/load}. */
public final class ServiceCase {
    private static final int FEW = 8;

    private ServiceCase() {}

    /** @param rest {@code service|alone|pipeline}, {@code restless|patient}, steps, callers, requests, places in the queue */
    public static void run(Path model, List<String> rest, Rounds rounds) {
        int steps = Integer.parseInt(rest.get(2));
        int callers = Integer.parseInt(rest.get(3));
        int requests = Integer.parseInt(rest.get(4));
        int queue = Integer.parseInt(rest.get(5));
        try (Drawer drawer = drawer(rest.get(0), model, steps, queue);
                Crowd crowd = new Crowd(callers);
                Crowd few = new Crowd(Math.min(FEW, callers))) {
            ServiceLoad load = new ServiceLoad(drawer);
            load.begin(requests);
            rounds.ready(rest.get(0), "f32");
            while (rounds.next()) {
                Map<String, Object> round = new LinkedHashMap<>(
                        rest.get(1).equals("restless")
                                ? load.restless(crowd, requests)
                                : speed(load, crowd, few, requests));
                rounds.done(load.single(), round);
            }
        }
    }

    private static Drawer drawer(String who, Path model, int steps, int queue) {
        return switch (who) {
            case "service" -> new ServiceDrawer(model, steps, queue, true);
            case "alone" -> new ServiceDrawer(model, steps, queue, false);
            case "pipeline" -> new PipelineDrawer(model, steps);
            default -> throw new IllegalArgumentException("nobody draws by the name of " + who);
        };
    }

    /** Pictures a second of one caller and of all, and how long a few wait. */
    private static Map<String, Object> speed(ServiceLoad load, Crowd crowd, Crowd few, int requests) {
        Map<String, Object> round = new LinkedHashMap<>();
        round.put("loop", requests / load.loop(requests));
        round.put("crowd", requests / load.patient(crowd, requests).seconds());
        ServiceLoad.Waits eight = load.patient(few, requests);
        round.put("few", requests / eight.seconds());
        round.put("p50", eight.half());
        round.put("p99", eight.most());
        return round;
    }
}
