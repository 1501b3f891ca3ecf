// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Prompts of a text, one a line: words as they stand, or a JSON object with a {@code prompt} and, if it likes, a {@code negative_prompt}, {@code prompt_2} and
 * {@code negative_prompt_2}. UTF-8; empty lines, and those that begin with {@code #}, are left out.
 *
 * @param where it comes from, for messages
 * @param lines at least one
 */
public record PromptLines(String where, List<Line> lines) {
    /** More lines are a data set, not a list of prompts. */
    public static final int MOST_LINES = 100_000;

    private static final int LONGEST = 1 << 20;
    private static final String PROMPT = "prompt";
    private static final String NEGATIVE = "negative_prompt";
    private static final String SECOND = "prompt_2";
    private static final String SECOND_NEGATIVE = "negative_prompt_2";
    private static final List<String> KEYS = List.of(PROMPT, NEGATIVE, SECOND, SECOND_NEGATIVE);
    private static final Pattern OBJECT = Pattern.compile("\\{\\s*(\".*|\\})");
    private static final Pattern OPTIONS = Pattern.compile("--[a-z_]+\\s.*");
    private static final String BYTE_ORDER_MARK = "\ufeff";

    /**
     * What one line says.
     *
     * @param number of the line, from 1
     * @param texts by the keys of the JSON form
     */
    public record Line(int number, Map<String, String> texts) {
        public Line {
            texts = Map.copyOf(texts);
        }
    }

    public PromptLines {
        lines = List.copyOf(lines);
        Check.that(!lines.isEmpty(), where + " holds no prompt");
    }

    /**
     * Reads a file; a pipe is read to its end.
     *
     * @throws Problem naming the first line that cannot be read
     */
    public static PromptLines of(Path file) {
        try (InputStream bytes = Files.newInputStream(file)) {
            return of(bytes, file.toString());
        } catch (IOException e) {
            throw Problem.failure("cannot read {promptsFile} " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Reads to the end; the stream stays open.
     *
     * @param where it comes from, for messages
     * @throws Problem naming the first line that cannot be read
     */
    public static PromptLines of(InputStream bytes, String where) {
        List<Line> lines = new ArrayList<>();
        BufferedInputStream buffered = new BufferedInputStream(bytes);
        try {
            byte[] line = next(buffered, where, 1);
            for (int number = 1; line != null; line = next(buffered, where, ++number)) {
                Line read = line(number, text(line, where, number), where);
                if (read != null) {
                    lines.add(read);
                }
                if (lines.size() > MOST_LINES) {
                    throw bad(where, number, "is one prompt more than the " + MOST_LINES + " that are taken");
                }
            }
        } catch (IOException e) {
            throw Problem.failure("cannot read " + where + ": " + AtomicFile.reason(e), e);
        }
        return new PromptLines(where, lines);
    }

    private static byte @Nullable [] next(InputStream bytes, String where, int number) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = bytes.read();
        if (next < 0) {
            return null;
        }
        for (; next >= 0 && next != '\n'; next = bytes.read()) {
            line.write(next);
            if (line.size() > LONGEST) {
                throw bad(where, number, "is longer than " + LONGEST + " bytes: is it a list of prompts?");
            }
        }
        return line.toByteArray();
    }

    private static String text(byte[] line, String where, int number) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line))
                    .toString();
            return (number == 1 && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text).strip();
        } catch (CharacterCodingException e) {
            throw bad(where, number, "is not UTF-8");
        }
    }

    private static @Nullable Line line(int number, String text, String where) {
        if (text.isEmpty() || text.startsWith("#")) {
            return null;
        }
        if (OPTIONS.matcher(text).matches()) {
            throw bad(
                    where,
                    number,
                    "begins with an option, which is not read: write {\"prompt\": \"…\", \"negative_prompt\": \"…\"}");
        }
        return new Line(number, OBJECT.matcher(text).matches() ? object(number, text, where) : Map.of(PROMPT, text));
    }

    private static Map<String, String> object(int number, String text, String where) {
        Map<String, String> texts = new LinkedHashMap<>();
        Json.parseObject(text, where + ", line " + number).forEach((key, value) -> {
            if (!KEYS.contains(key)) {
                throw bad(
                        where,
                        number,
                        "has the key '" + key + "', but may have " + String.join(", ", KEYS)
                                + ": all else counts for the whole call");
            }
            if (!(value instanceof String words)) {
                throw bad(where, number, "must have a text as " + key + ", but has " + Json.compact(value));
            }
            texts.put(key, words);
        });
        if (!texts.containsKey(PROMPT)) {
            throw bad(where, number, "has no " + PROMPT);
        }
        return texts;
    }

    private static Problem bad(String where, int number, String what) {
        return Problem.request("{promptsFile} " + where + ": line " + number + " " + what);
    }

    /** What pictures show. */
    public List<String> prompts() {
        return column(PROMPT, List.of());
    }

    /**
     * What they are guided away from, for {@link PromptSelection}.
     *
     * @param usual for lines that say nothing: none, or one
     * @throws Problem where some lines say it and others do not, and nothing is usual
     */
    public List<String> negatives(List<String> usual) {
        return column(NEGATIVE, usual);
    }

    /** What a second text encoder is given instead, as {@link #negatives}. */
    public List<String> seconds(List<String> usual) {
        return column(SECOND, usual);
    }

    /** The same for the negatives, as {@link #negatives}. */
    public List<String> secondNegatives(List<String> usual) {
        return column(SECOND_NEGATIVE, usual);
    }

    private List<String> column(String key, List<String> usual) {
        List<Line> with =
                lines.stream().filter(line -> line.texts.containsKey(key)).toList();
        if (with.isEmpty()) {
            return usual;
        }
        if (usual.size() != 1 && with.size() < lines.size()) {
            Line without = lines.stream()
                    .filter(line -> !line.texts.containsKey(key))
                    .findFirst()
                    .orElseThrow();
            throw bad(
                    where,
                    without.number,
                    "has no " + key + ", but line " + with.get(0).number
                            + " has one: add it to every line, or give one for all on the command line");
        }
        String other = usual.isEmpty() ? "" : usual.get(0);
        return lines.stream().map(line -> line.texts.getOrDefault(key, other)).toList();
    }
}
