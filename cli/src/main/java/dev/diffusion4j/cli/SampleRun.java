// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.GuidanceSweep;
import dev.diffusion4j.pipeline.StepListener;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Model.CommandSpec;

/**
 * One {@code sample}: the job with its progress, its files and its report.
 *
 * @param job borrowed
 * @param json whether the report is JSON
 * @param stop true as soon as the process is asked to end
 */
record SampleRun(DrawingJob job, SampleOutputs outputs, boolean json, CommandSpec spec, BooleanSupplier stop) {

    /**
     * Draws pictures.
     *
     * @param isAgain whether one picture is drawn again
     * @return the exit code
     */
    int draw(boolean isAgain) {
        SampleReport.expected(job, spec.commandLine().getErr());
        long start = System.nanoTime();
        Cancellation cancellation = new Cancellation();
        try (SampleFiles files = new SampleFiles(outputs, job);
                Progress progress = Progress.steps("sampling", job.request())
                        .ifLong(() -> SpeedAdvice.print(job.pipeline(), isAgain, spec))) {
            try {
                StepListener all =
                        stopping(cancellation).andThen(files.listener()).andThen(progress);
                job.draw(files.sink(), all, cancellation);
            } catch (CancellationException e) {
                progress.close();
                spec.commandLine()
                        .getErr()
                        .println("diffuse: stopped; " + files.written() + " of " + job.count() + " pictures are in "
                                + outputs.out);
                return ExitCodes.FAILURE;
            }
            progress.close();
            files.finish();
            report().drawn(job, files, (System.nanoTime() - start) / 1e9);
        }
        return 0;
    }

    /** Draws the same pictures with several guidance scales; returns the exit code. */
    int sweep(List<Double> scales) {
        long start = System.nanoTime();
        Cancellation cancellation = new Cancellation();
        try (Progress progress = Progress.calls("sweep", job.request(), scales.size())) {
            GuidanceSweep drawn;
            try {
                drawn = job.sweep(scales, stopping(cancellation).andThen(progress), cancellation);
            } catch (CancellationException e) {
                progress.close();
                spec.commandLine().getErr().println("diffuse: stopped; no sweep was written");
                return ExitCodes.FAILURE;
            }
            progress.close();
            drawn.writePng(outputs.out.resolve("sweep.png"));
            drawn.writeGif(outputs.out.resolve("sweep.gif"));
        }
        report().swept(job, scales, (System.nanoTime() - start) / 1e9);
        return 0;
    }

    private StepListener stopping(Cancellation cancellation) {
        return event -> {
            if (stop.getAsBoolean()) {
                cancellation.cancel();
            }
        };
    }

    private SampleReport report() {
        return new SampleReport(spec.commandLine().getOut(), json, outputs.out);
    }
}
