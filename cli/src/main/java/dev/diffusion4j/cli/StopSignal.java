// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/** Becomes true when the process is asked to end (Ctrl-C, kill): the end then waits until the work is closed. */
final class StopSignal implements BooleanSupplier, AutoCloseable {
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean asked;

    StopSignal(PrintWriter err) {
        hook = new Thread(() -> {
            asked = true;
            err.println();
            err.println("finishing this step and writing a checkpoint ...");
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public boolean getAsBoolean() {
        return asked;
    }

    @Override
    public void close() {
        closed.countDown();
        if (!asked) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // the process ends already
            }
        }
    }
}
