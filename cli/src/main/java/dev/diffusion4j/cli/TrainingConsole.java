// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunProgress;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reports a training: the plan and the epochs on stdout, a moving line on the terminal; a line each tenth where there is none. */
final class TrainingConsole implements RunListener {
    private static final long INTERVAL = 200_000_000L;

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean shown = Boolean.getBoolean("diffusion4j.terminal");
    private long start = System.nanoTime();
    private long firstStep;
    private long last;
    private int encoded;
    private String name = "";

    TrainingConsole(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public void onPlan(RunPlan plan) {
        clear(); // the line of the training before
        out.printf(
                Locale.ROOT,
                "%s: %s, %,d parameters, %,d steps of %d%s%n",
                plan.recipe(),
                plan.data(),
                plan.parameters(),
                plan.totalSteps(),
                plan.examplesPerStep(),
                plan.doneSteps() > 0 ? String.format(Locale.ROOT, ", going on after step %,d", plan.doneSteps()) : "");
        out.printf(
                Locale.ROOT,
                "expected: %s and %s (%s, %d %s)%n",
                Times.left(plan.expectedSeconds()),
                plan.memoryMiB() == 0 ? "memory unknown" : plan.memoryMiB() + " MiB",
                plan.dtype(),
                plan.threads(),
                plan.threads() == 1 ? "thread" : "threads");
        out.flush();
        start = System.nanoTime();
        firstStep = plan.doneSteps();
        name = plan.recipe();
    }

    @Override
    public void onClassPictures(int done, int count, Path folder) {
        clear();
        out.printf(Locale.ROOT, "pictures of the class: %d of %d in %s%n", done, count, folder);
        out.flush();
    }

    @Override
    public void onLatents(int done, int count, double secondsLeft) {
        onEncoded("pictures", done, count, secondsLeft);
    }

    @Override
    public void onTextStates(int done, int count, double secondsLeft) {
        onEncoded("captions", done, count, secondsLeft);
    }

    private void onEncoded(String what, int done, int count, double secondsLeft) {
        long now = System.nanoTime();
        if (!shown) {
            if (10L * done / count > 10L * encoded / count) {
                err.printf(
                        Locale.ROOT, "%s encoded: %,d of %,d, %s left%n", what, done, count, Times.left(secondsLeft));
                err.flush();
            }
        } else if (now - last >= INTERVAL || done == count) {
            last = now;
            System.err.printf(
                    Locale.ROOT,
                    "\r%s %s encoded: %,d/%,d  %s left \u001b[K",
                    bar(done, count),
                    what,
                    done,
                    count,
                    Times.left(secondsLeft));
            System.err.flush();
        }
        encoded = done == count ? 0 : done;
    }

    private static String bar(long done, long count) {
        int filled = (int) (24 * done / count);
        return "█".repeat(filled) + "░".repeat(24 - filled);
    }

    @Override
    public void onAlreadyFinished(long steps) {
        clear();
        out.println("already finished" + (steps > 0 ? " after step " + steps : ""));
        out.flush();
    }

    @Override
    public void onStep(RunProgress progress) {
        long now = System.nanoTime();
        long done = progress.step() - firstStep;
        double left = (now - start) / 1e9 / done * (progress.totalSteps() - progress.step());
        if (!shown) {
            if (10 * progress.step() / progress.totalSteps() > 10 * (progress.step() - 1) / progress.totalSteps()) {
                err.printf(
                        Locale.ROOT,
                        "%s: step %d of %d, loss %.4f, %s left%n",
                        name,
                        progress.step(),
                        progress.totalSteps(),
                        progress.epochMeanLoss(),
                        Times.left(left));
                err.flush();
            }
            return;
        }
        if (now - last < INTERVAL && progress.step() != progress.totalSteps()) {
            return;
        }
        last = now;
        System.err.printf(
                Locale.ROOT,
                "\r%s %d/%d  epoch %d  loss %.4f  lr %.2g  %.0f images/s  %s left \u001b[K",
                bar(progress.step(), progress.totalSteps()),
                progress.step(),
                progress.totalSteps(),
                progress.epoch(),
                progress.epochMeanLoss(),
                progress.learningRate(),
                progress.imagesPerSecond(),
                Times.left(left));
        System.err.flush();
    }

    @Override
    public void onEpoch(RunProgress progress) {
        clear();
        StringBuilder more = new StringBuilder();
        progress.scalars().forEach((key, value) -> more.append(String.format(Locale.ROOT, ", %s %.4g", key, value)));
        out.printf(
                Locale.ROOT,
                "epoch %d: mean loss %.6f, last 100 %.6f%s (step %d)%n",
                progress.epoch(),
                progress.epochMeanLoss(),
                progress.last100(),
                more,
                progress.step());
        out.flush();
    }

    @Override
    public void onSaved(Path folder) {
        clear();
        out.println("saved: " + folder);
        out.flush();
    }

    @Override
    public void onValidation(long step, Map<String, Double> values) {
        clear();
        List<String> parts = new ArrayList<>();
        values.forEach((key, value) -> parts.add(String.format(Locale.ROOT, "%s %.6f", key, value)));
        out.println("  held-back pictures: " + String.join(", ", parts));
        out.flush();
    }

    @Override
    public void onSamples(Path picture) {
        clear();
        out.println("samples: " + picture);
        out.flush();
    }

    /** Clears the moving line. */
    void end() {
        clear();
    }

    private void clear() {
        if (shown && last != 0) {
            System.err.print("\r\u001b[K");
            System.err.flush();
            last = 0;
        }
    }
}
