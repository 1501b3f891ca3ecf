// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Becomes true when the process is asked to end (Ctrl-C, kill): the end then waits until the work is closed. A second Ctrl-C does
 * not wait.
 */
final class StopSignal implements BooleanSupplier, AutoCloseable {
    /** What a training waits for. */
    static final String CHECKPOINT = "the last step and its checkpoint";

    private static final int EXIT_CODE = 130;

    private final PrintWriter err;
    private final String keeps;
    private final Duration longest;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicInteger interrupts = new AtomicInteger();
    private final Thread hook;
    private final @Nullable Object before;
    private volatile boolean asked;

    /** Waits for the work to be closed, however long that takes: a checkpoint must be whole. */
    StopSignal(PrintWriter err, String keeps) {
        this(err, keeps, Duration.ofMillis(Long.MAX_VALUE));
    }

    /**
     * @param keeps what is still waited for, and a second Ctrl-C does without: {@code the last step and its checkpoint}
     * @param longest after which the process ends all the same: work may wait for something else, such as the reader of a pipe
     */
    StopSignal(PrintWriter err, String keeps, Duration longest) {
        this.err = err;
        this.keeps = keeps;
        this.longest = longest;
        hook = new Thread(this::stop);
        Runtime.getRuntime().addShutdownHook(hook);
        before = handleInterrupts(signalHandler());
    }

    /** What the end of the process does: asks, and waits for {@link #close}. */
    void stop() {
        asked = true;
        err.println();
        err.println("stopping; a second Ctrl-C does not wait for " + keeps + " ...");
        try {
            if (!closed.await(longest.toMillis(), TimeUnit.MILLISECONDS)) {
                err.println("ended without waiting longer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The first is the JVM's own object for it; from then on the JVM reacts to no other one. */
    private void onInterrupt() {
        if (asked || interrupts.getAndIncrement() > 0) {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
        System.exit(EXIT_CODE);
    }

    private @Nullable Object signalHandler() {
        try {
            Class<?> type = Class.forName("sun.misc.SignalHandler");
            return Proxy.newProxyInstance(
                    StopSignal.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            onInterrupt();
                        }
                        return method.getReturnType() == boolean.class ? (Object) (proxy == arguments[0]) : null;
                    });
        } catch (ClassNotFoundException e) {
            return null; // a JDK without it: the first Ctrl-C works as ever
        }
    }

    /** By name: the compiler warns of this class, which every JDK has had, and gives no way to do without the warning. */
    private static @Nullable Object handleInterrupts(@Nullable Object handler) {
        if (handler == null) {
            return null;
        }
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            return signal.getMethod("handle", signal, Class.forName("sun.misc.SignalHandler"))
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), handler);
        } catch (ClassNotFoundException
                | NoSuchMethodException
                | InstantiationException
                | IllegalAccessException
                | InvocationTargetException e) {
            return null; // a second Ctrl-C is as the JVM has it
        }
    }

    @Override
    public boolean getAsBoolean() {
        return asked;
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
            handleInterrupts(before);
        } catch (IllegalStateException e) {
            // the process ends already
        }
    }
}
