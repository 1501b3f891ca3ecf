// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Reads what a process prints on a thread of its own, and hands it on by whole lines: those of several processes do not mix. */
final class LineReader {
    private static final int LONGEST = 1 << 16;
    /** LibTorch's Gloo says on the output how many it is connected to; no setting keeps it from that. */
    private static final String NOISE = "[Gloo] Rank ";

    private final InputStream in;
    private final Consumer<String> lines;
    private final Thread thread;

    private LineReader(InputStream in, Consumer<String> lines) {
        this.in = in;
        this.lines = lines;
        thread = new Thread(this::read, "diffusion4j-launch-output");
        thread.setDaemon(true);
    }

    static LineReader start(InputStream in, Consumer<String> lines) {
        LineReader reader = new LineReader(in, lines);
        reader.thread.start();
        return reader;
    }

    private void read() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (InputStream buffered = new BufferedInputStream(in)) {
            for (int next = buffered.read(); next >= 0; next = buffered.read()) {
                if (next == '\n' || line.size() == LONGEST) {
                    hand(line);
                }
                if (next != '\n') {
                    line.write(next);
                }
            }
        } catch (IOException e) {
            // the process was killed while it printed; what came before is handed on
        }
        if (line.size() > 0) {
            hand(line);
        }
    }

    private void hand(ByteArrayOutputStream line) {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (!text.startsWith(NOISE)) {
            lines.accept(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        }
    }

    /** Waits for the last line, but not for ever: a process of the process may hold the stream open. */
    void await(long millis) throws InterruptedException {
        thread.join(millis);
    }
}
