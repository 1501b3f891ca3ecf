// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent, in order, and no more of it than fits: what comes when it is full is left out and counted. Thread-safe; one
 * thread takes out.
 */
final class MlflowOutbox {
    private final int mostNumbers;
    private final long mostBytes;
    private final Deque<Metric> numbers = new ArrayDeque<>();
    private final Deque<Content> files = new ArrayDeque<>();
    private long bytes;
    private long leftOutNumbers;
    private long leftOutFiles;

    /**
     * @param mostNumbers that wait at a time
     * @param mostBytes of all files that wait at a time
     */
    MlflowOutbox(int mostNumbers, long mostBytes) {
        this.mostNumbers = mostNumbers;
        this.mostBytes = mostBytes;
    }

    /** @param time in milliseconds since 1970 */
    record Metric(String key, double value, long step, long time) {}

    /** A file, and where it is to lie in the run. */
    record Content(String path, byte[] bytes) {}

    synchronized void add(Metric number) {
        if (numbers.size() < mostNumbers) {
            numbers.addLast(number);
        } else {
            leftOutNumbers++;
        }
    }

    synchronized void add(Content file) {
        if (bytes + file.bytes().length <= mostBytes) {
            bytes += file.bytes().length;
            files.addLast(file);
        } else {
            leftOutFiles++;
        }
    }

    /** The first ones, which stay until they are {@link #removeNumbers removed}. */
    synchronized List<Metric> firstNumbers(int most) {
        return numbers.stream().limit(most).toList();
    }

    /** @param areLeftOut whether they will never be sent */
    synchronized void removeNumbers(int count, boolean areLeftOut) {
        for (int i = 0; i < count; i++) {
            numbers.removeFirst();
        }
        leftOutNumbers += areLeftOut ? count : 0;
    }

    synchronized @Nullable Content firstFile() {
        return files.peekFirst();
    }

    /** @param isLeftOut whether it will never be sent */
    synchronized void removeFile(boolean isLeftOut) {
        bytes -= files.removeFirst().bytes().length;
        leftOutFiles += isLeftOut ? 1 : 0;
    }

    synchronized boolean isEmpty() {
        return numbers.isEmpty() && files.isEmpty();
    }

    synchronized int waitingNumbers() {
        return numbers.size();
    }

    /** Left out, or waiting still. */
    synchronized long unsentNumbers() {
        return numbers.size() + leftOutNumbers;
    }

    /** Left out, or waiting still. */
    synchronized long unsentFiles() {
        return files.size() + leftOutFiles;
    }
}
