// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.DrawingEstimate;
import dev.diffusion4j.tensor.MachineMemory;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** What the jobs at work take of the memory that a service may use. Not thread-safe: the queue's lock guards it. */
final class Memory {
    private static final double GIGA = 1e9;

    private final double most;
    private final Map<String, Integer> models = new HashMap<>();
    private final Map<String, Double> networks = new HashMap<>();
    private double drawing;

    /**
     * What a job takes beside the process itself.
     *
     * @param networks bytes of its model's weights, which jobs of one model share
     * @param drawing bytes of its own
     */
    record Need(String model, double networks, double drawing) {
        static Need of(String model, DrawingEstimate estimate) {
            return new Need(model, estimate.weightBytes(), estimate.drawingBytes());
        }

        /** Where the networks do not say it. */
        static Need unknown(String model) {
            return new Need(model, 0, 0);
        }
    }

    /** @param bytes of the whole process; 0 for all that the machine has */
    Memory(long bytes) {
        long machine = bytes > 0 ? bytes : MachineMemory.now().total();
        most = machine > 0 ? machine : Double.POSITIVE_INFINITY;
    }

    /** @throws Problem (a wrong request) where a job would not fit if it were the only one */
    void check(Need need) {
        double all = DrawingEstimate.processBytes() + need.networks + need.drawing;
        if (all > most) {
            throw Problem.request(String.format(
                    Locale.ROOT,
                    "these pictures need about %.1f GB of memory, %.1f GB of it for the networks, and this service may use"
                            + " %.1f GB ({memory}): give a smaller {size} or {batchSize}",
                    all / GIGA,
                    need.networks / GIGA,
                    most / GIGA));
        }
    }

    /** Whether a job may begin beside those at work; the only one always may. */
    boolean hasRoomFor(Need need) {
        if (models.isEmpty()) {
            return true;
        }
        double others = networks.values().stream().mapToDouble(each -> each).sum();
        double more = models.containsKey(need.model) ? 0 : need.networks;
        return DrawingEstimate.processBytes() + others + more + drawing + need.drawing <= most;
    }

    void begin(Need need) {
        models.merge(need.model, 1, Integer::sum);
        networks.merge(need.model, need.networks, Math::max);
        drawing += need.drawing;
    }

    void end(Need need) {
        if (models.merge(need.model, -1, Integer::sum) == 0) {
            models.remove(need.model);
            networks.remove(need.model);
        }
        drawing = models.isEmpty() ? 0 : drawing - need.drawing;
    }

    /** What is left for networks while these jobs are at work. */
    long forNetworks() {
        return (long) Math.max(0, most - DrawingEstimate.processBytes() - drawing);
    }
}
