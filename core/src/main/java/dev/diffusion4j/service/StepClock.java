// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.pipeline.StepEvent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Times the steps of a job, for the meter and for the flight recorder, where the JVM has one. */
final class StepClock {
    private static final boolean RECORDS =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private final long job;
    private final String model;
    private final ServiceMeter meter;
    private long begun;
    private @Nullable Recorded recorded;

    /** What is recorded of the step that runs; loaded only where there is a recorder. */
    private static final class Recorded {
        private final DenoisingStep step = new DenoisingStep();

        Recorded() {
            step.begin();
        }

        void end(long job, String model, StepEvent event) {
            step.end();
            if (step.shouldCommit()) {
                step.job = job;
                step.model = model;
                step.step = event.stepIndex() + 1;
                step.steps = event.steps();
                step.pictures = (int) event.sample().size(0);
                step.commit();
            }
        }
    }

    StepClock(long job, String model, ServiceMeter meter) {
        this.job = job;
        this.model = model;
        this.meter = meter;
        begin();
    }

    /** The next step begins. */
    void begin() {
        begun = System.nanoTime();
        recorded = RECORDS ? new Recorded() : null;
    }

    void end(StepEvent event) {
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        if (recorded != null) {
            recorded.end(job, model, event);
        }
        meter.onStep((int) event.sample().size(0), took);
    }
}
