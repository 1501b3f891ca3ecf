// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.watch;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a {@code metrics.jsonl} as they come: each call reads what was written since the last one, so that a long file costs once.
 * A line that is just being written comes with a later call. A run that is resumed writes the file anew: then it begins again.
 */
public final class MetricsTail {
    private static final int PART = 1 << 20;

    private final Path file;
    private long offset;
    private @Nullable Object key;

    /**
     * New lines.
     *
     * @param isAnew whether the lines are from the beginning of the file, and what came before no longer counts
     * @param hasMore whether there are more lines already, for the next call
     * @param lines whole ones, some thousands at most; those that are no JSON are left out
     */
    public record Part(boolean isAnew, boolean hasMore, List<Map<String, @Nullable Object>> lines) {}

    /** At the beginning of a file, which need not be there yet. */
    public MetricsTail(Path file) {
        this.file = file;
    }

    /** The last lines of a file, as far as they lie in its last {@code bytes}; none where there is no file. */
    static List<Map<String, @Nullable Object>> last(Path file, int bytes) {
        MetricsTail tail = new MetricsTail(file);
        try {
            tail.offset = Math.max(0, Files.size(file) - bytes);
        } catch (IOException e) {
            return List.of();
        }
        tail.key = tail.attributes() == null ? null : tail.attributes().fileKey();
        return tail.next().lines();
    }

    /**
     * What is new.
     *
     * @throws Problem (a failure) where the file cannot be read
     */
    public Part next() {
        BasicFileAttributes now = attributes();
        if (now == null) {
            return new Part(false, false, List.of());
        }
        boolean isAnew = offset == 0 || now.size() < offset || !Objects.equals(key, now.fileKey());
        offset = isAnew ? 0 : offset;
        key = now.fileKey();
        List<Map<String, @Nullable Object>> lines = new ArrayList<>();
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            boolean isSome = read(channel, lines);
            return new Part(isAnew, isSome && offset < channel.size(), lines);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private @Nullable BasicFileAttributes attributes() {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Whether there were whole lines. */
    private boolean read(SeekableByteChannel channel, List<Map<String, @Nullable Object>> lines) throws IOException {
        ByteBuffer part = ByteBuffer.allocate((int) Math.min(PART, Math.max(0, channel.size() - offset)));
        channel.position(offset);
        while (part.hasRemaining() && channel.read(part) >= 0) {}
        int whole = part.position();
        while (whole > 0 && part.get(whole - 1) != '\n') {
            whole--;
        }
        offset += whole;
        for (String line : new String(part.array(), 0, whole, StandardCharsets.UTF_8).split("\n")) {
            parse(line, lines);
        }
        return whole > 0;
    }

    private static void parse(String line, List<Map<String, @Nullable Object>> lines) {
        try {
            if (!line.isBlank()) {
                lines.add(Json.parseObject(line, "metrics"));
            }
        } catch (Problem e) {
            return; // was cut short by a kill
        }
    }
}
