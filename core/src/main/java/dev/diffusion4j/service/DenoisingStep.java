// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One step of a job, in a recording of the JDK's flight recorder. */
@Name("dev.diffusion4j.DenoisingStep")
@Label("Denoising Step")
@Category("diffusion4j")
@StackTrace(false)
final class DenoisingStep extends Event {
    @Label("Job")
    long job;

    @Label("Model")
    String model = "";

    @Label("Step")
    int step;

    @Label("Steps")
    int steps;

    @Label("Pictures")
    int pictures;
}
