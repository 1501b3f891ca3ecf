// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.tensor.MachineMemory;
import dev.diffusion4j.tensor.NativeMemory;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a training's free memory. Where the machine has as much free as the process has taken at its highest when the first step is over, it stays with the
 * process, for the next step: where glibc gives back at once what is large, up to 29 % of a large step was the system's, which clears it anew; in the same steps it took one to
 * three per cent more memory. And it goes back after 1, 2, 4, 8 … steps, while loops are being compiled, and after every 30 seconds spent in steps, since glibc's heap fragments
 * as they go on. A step of the MNIST recipe takes 1.27 GiB; without this the process held 1.5 after 700 of them. The step after it takes longer, by a third at most.
 */
final class FreeMemory implements AutoCloseable {
    private static final double PERIOD_SECONDS = 30;

    private final int processes;
    private boolean decided;
    private NativeMemory.@Nullable Kept kept;
    private long steps;
    private double worked;

    /** @param processes that train together, and may share a machine */
    FreeMemory(int processes) {
        this.processes = processes;
    }

    /** Gives back what the preparation has left. */
    void beforeSteps() {
        giveBack();
    }

    /** After a forward and a backward pass: the first shows what all take. */
    void afterPass() {
        if (!decided) {
            decided = true;
            long highest = MachineMemory.highestOfProcess();
            if (highest > 0 && MachineMemory.now().available() >= processes * highest) {
                kept = NativeMemory.keepFreed();
            }
        }
    }

    /** @param seconds that the step took */
    void afterStep(double seconds) {
        afterPass();
        steps++;
        worked += seconds;
        if (Long.bitCount(steps) == 1 || worked >= PERIOD_SECONDS) {
            giveBack();
        }
    }

    private void giveBack() {
        NativeMemory.giveBack();
        worked = 0;
    }

    /** All goes back. */
    @Override
    public void close() {
        if (kept != null) {
            kept.close();
        }
    }
}
