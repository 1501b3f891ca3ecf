// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.NativeRuntime;
import dev.diffusion4j.tensor.TensorScope;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;

/**
 * Texts by name that all processes see: LibTorch's {@code TCPStore}, which the first process holds, or torchrun's agent. Each attempt of
 * a launcher has names of its own. Not thread-safe; each thread opens one.
 *
 * <p>The store's client waits for an answer without end, and a process that is stopped, or was cut off, gives none and breaks no connection either;
 * nor does a stranger that holds the port. So it is asked on a thread of its own, which nobody waits for longer than {@link #PATIENCE}.
 */
final class MeetingPlace implements AutoCloseable {
    private static final Duration ONE_TRY = Duration.ofSeconds(1);
    private static final Duration BETWEEN = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ProcessPlace place;
    private final Duration patience;
    private final ExecutorService asking;
    private volatile boolean isSilent;
    private final TCPStore store;
    private final PrefixStore texts;

    private MeetingPlace(ProcessPlace place, TCPStore store, ExecutorService asking, Duration patience) {
        this.place = place;
        this.asking = asking;
        this.patience = patience;
        this.store = store;
        this.texts = TensorScope.ownResult(() -> new PrefixStore("diffusion4j/" + place.restarts() + "/", store));
    }

    private static Thread daemon(Runnable body) {
        Thread thread = new Thread(body, "meeting");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Opens the place, and waits until whoever holds it does.
     *
     * @param holds whether this one is to hold it
     * @param times for the others to come, and then to answer
     * @throws Problem (a failure) where nobody answers in time, or a stranger does, or the port is taken
     */
    static MeetingPlace open(ProcessPlace place, boolean holds, ProcessTimes times) {
        NativeRuntime.configure();
        if (!holds) {
            awaitHolder(place, times.join());
        }
        ExecutorService asking = Executors.newSingleThreadExecutor(MeetingPlace::daemon);
        try {
            TCPStore store = answer(
                    asking,
                    () -> TensorScope.ownResult(() -> connect(place, holds, times.join())),
                    atMost(times.join()),
                    () -> Problem.failure("process " + place.world().rank() + " reached " + at(place)
                            + " (MASTER_ADDR and MASTER_PORT), but what listens there does not answer: another program"
                            + " that has the port, or a process 0 that is stopped"));
            return new MeetingPlace(place, store, asking, atMost(times.exchange()));
        } catch (RuntimeException e) {
            asking.shutdown();
            if (e instanceof Problem || e instanceof CancellationException) {
                throw e;
            }
            if (String.valueOf(e.getMessage()).contains("EADDRINUSE")) {
                throw Problem.failure(
                        "port " + place.masterPort()
                                + " is in use on this machine, so that the processes of the training"
                                + " cannot meet there: set MASTER_PORT to another",
                        e);
            }
            throw Problem.failure(
                    "the processes of the training cannot meet at " + at(place) + " (MASTER_ADDR and MASTER_PORT): "
                            + firstLine(e),
                    e);
        }
    }

    private static TCPStore connect(ProcessPlace place, boolean holds, Duration patience) {
        TCPStoreOptions options = new TCPStoreOptions()
                .port((short) place.masterPort())
                .isServer(holds)
                .waitWorkers(false)
                .timeout(new Milliseconds(patience.toMillis()));
        // its holder asks itself: whether the address leads to it is then said of all processes in the same way
        String address = holds ? InetAddress.getLoopbackAddress().getHostAddress() : place.masterAddress();
        return new TCPStore(address, options);
    }

    /** LibTorch would try too, and write to the error stream as it does. */
    private static void awaitHolder(ProcessPlace place, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        String reason = reasonNotThere(place);
        while (!reason.isEmpty()) {
            if (System.nanoTime() > end) {
                throw Problem.failure("process " + place.world().rank() + " found nobody at " + at(place)
                        + " (MASTER_ADDR and MASTER_PORT) in " + patience.toSeconds() + " s: " + reason);
            }
            Interrupts.sleep(BETWEEN, "while waiting for the other processes");
            reason = reasonNotThere(place);
        }
    }

    /** Empty where somebody answers. */
    private static String reasonNotThere(ProcessPlace place) {
        InetSocketAddress address = new InetSocketAddress(place.masterAddress(), place.masterPort());
        if (address.isUnresolved()) {
            return "the name is not known";
        }
        try (Socket socket = new Socket()) {
            socket.connect(address, (int) ONE_TRY.toMillis());
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Whether somebody still answers: asked before what would fail noisily. */
    boolean isThere() {
        return !isSilent && reasonNotThere(place).isEmpty();
    }

    /** {@code process 0 of 2, where they meet,} as the subject of a sentence. */
    static String holder(ProcessPlace place) {
        return place.usesAgentStore()
                ? "the launcher that the processes meet at"
                : "process 0 of " + place.world().size() + ", where they meet,";
    }

    private <R> R ask(Supplier<R> question) {
        if (isSilent) {
            throw noAnswer();
        }
        return answer(asking, () -> TensorScope.compute(question), patience, () -> {
            isSilent = true;
            return noAnswer();
        });
    }

    private static Duration atMost(Duration patience) {
        return patience.compareTo(PATIENCE) < 0 ? patience : PATIENCE;
    }

    private static <R> R answer(
            ExecutorService asking, Supplier<R> question, Duration patience, Supplier<Problem> silence) {
        Future<R> answer = asking.submit(question::get);
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw silence.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for the other processes");
        }
    }

    private Problem noAnswer() {
        return Problem.failure(
                "the training ended because " + holder(place) + " no longer answers: stopped, or cut off");
    }

    /** The address by which the other processes reach this one: that of the way to the meeting place. */
    String ownAddress() {
        InetSocketAddress address = new InetSocketAddress(place.masterAddress(), place.masterPort());
        try (Socket socket = new Socket()) {
            socket.connect(address, (int) ONE_TRY.toMillis());
            InetAddress own = socket.getLocalAddress();
            return own.getHostAddress();
        } catch (IOException e) {
            throw Problem.failure(at(place) + " does not answer any more: " + e.getMessage(), e);
        }
    }

    private static String at(ProcessPlace place) {
        return place.masterAddress() + ":" + place.masterPort();
    }

    /** LibTorch's messages go on with where they were thrown. */
    static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").replaceAll("^\\[\\S+:\\d+\\] ", "");
    }

    /** For Gloo; borrowed. */
    PrefixStore store() {
        return texts;
    }

    /** Any text: what the store takes is bytes of the system's own charset. */
    void put(String name, String text) {
        String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        ask(() -> {
            texts.set(name, encoded);
            return name;
        });
    }

    boolean has(String name) {
        return ask(() -> texts.check(new StringVector(name)));
    }

    /** What {@link #put} wrote there, which must be {@linkplain #has there}. */
    String get(String name) {
        byte[] bytes = Base64.getDecoder().decode(ask(() -> texts.get_to_str(name)));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Adds to a number, which begins at 0, and returns it. */
    long add(String name, long more) {
        return ask(() -> texts.add(name, more));
    }

    /** Adds 1 to a number, however long that takes; for a thread that has nothing else to do. */
    void count(String name) {
        TensorScope.compute(() -> texts.add(name, 1));
    }

    @Override
    public void close() {
        asking.shutdown();
        if (isSilent) {
            return; // a question is still in there
        }
        texts.close();
        store.close();
    }
}
