// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who works on a run, or did last: what {@code .lock} in its folder says.
 *
 * @param pid of the process
 * @param started when the process began, since systems give the same number again
 * @param end how its work ended; {@code null} while it goes on, and where the process was killed
 * @param reason what failed; {@code null} where nothing did
 */
public record RunWorker(long pid, Instant started, @Nullable End end, @Nullable String reason) {
    /** The system's clock may be set anew, and with it what it says of when a process began. */
    private static final Duration CLOCK = Duration.ofSeconds(5);

    /** How a process left a run. */
    public enum End implements Keyed {
        /** All updates are done. */
        FINISHED("finished"),
        /** It was asked to stop; there is a checkpoint. */
        STOPPED("stopped"),
        /** By an error. */
        FAILED("failed");

        private final String key;

        End(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    static RunWorker ofThisProcess() {
        ProcessHandle self = ProcessHandle.current();
        return new RunWorker(self.pid(), self.info().startInstant().orElse(Instant.EPOCH), null, null);
    }

    /** Of the run in a folder; empty where there is none, or none that an earlier version did not work on. */
    public static Optional<RunWorker> of(Path folder) {
        RunWorker here = RunLock.heldHere(folder);
        if (here != null) {
            return Optional.of(here);
        }
        try {
            return parse(Files.readString(folder.resolve(RunLock.FILE)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Nothing of what is just being written. */
    private static Optional<RunWorker> parse(String text) {
        try {
            Map<String, @Nullable Object> json = Json.parseObject(text, RunLock.FILE);
            if (!(json.get("pid") instanceof Number pid)) {
                return Optional.empty();
            }
            End end = json.get("end") instanceof String key ? Keyed.fromKey(End.class, key, "end") : null;
            return Optional.of(new RunWorker(
                    pid.longValue(),
                    Instant.parse(String.valueOf(json.get("started"))),
                    end,
                    json.get("reason") instanceof String said ? said : null));
        } catch (Problem | IllegalArgumentException | DateTimeException e) {
            return Optional.empty();
        }
    }

    RunWorker ended(End how, @Nullable String why) {
        return new RunWorker(pid, started, how, why);
    }

    String toText() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("pid", pid);
        json.put("started", started.toString());
        if (end != null) {
            json.put("end", end.key());
        }
        if (reason != null) {
            json.put("reason", reason);
        }
        return Json.compact(json) + "\n";
    }

    /** Whether the run goes on just now: its process is there, and has not ended its work. A process of another machine is not seen. */
    public boolean isAtWork() {
        return end == null
                && ProcessHandle.of(pid)
                        .filter(ProcessHandle::isAlive)
                        .map(process -> process.info().startInstant().orElse(started))
                        .filter(since -> Duration.between(since, started).abs().compareTo(CLOCK) <= 0)
                        .isPresent();
    }
}
