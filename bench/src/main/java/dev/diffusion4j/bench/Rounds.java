// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The talk with {@code bench/compare}: it writes {@code go} or ends the stream, this side answers with lines {@code @{json}}. */
public final class Rounds {
    private final BufferedReader in;
    private final PrintStream out;

    public Rounds(InputStream in, PrintStream out) {
        this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        this.out = out;
    }

    /** @param note what was chosen, for the report */
    public void ready(String note, String dtype) {
        say(Map.of("ready", true, "note", note, "dtype", dtype));
    }

    /** Waits for the next round; false where there is none. */
    public boolean next() {
        try {
            return "go".equals(in.readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A round's result, with the highest resident memory so far. */
    public void done(double seconds, Map<String, ? extends Object> more) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("seconds", seconds);
        answer.put("peak_mib", Memory.peakMiB());
        answer.put("cpu_seconds", Memory.cpuSeconds());
        answer.putAll(more);
        say(answer);
    }

    public void say(Map<String, ?> answer) {
        out.println("@" + Json.pretty(answer).replace("\n", " "));
        out.flush();
    }
}
