// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The pieces that texts are cut into, and which pairs of pieces are joined first: byte pair encoding, Sennrich et al. (2016).
 *
 * @param ids of the pieces; a piece that ends a word ends in {@code </w>}
 * @param ranks of the pairs ({@code left + ' ' + right}); the lowest is joined first
 */
public record BpeVocabulary(Map<String, Integer> ids, Map<String, Integer> ranks) {
    /** The fewest pieces that a vocabulary can have: each byte within a word and at its end, and the two marks. */
    public static final int SMALLEST = 2 * 256 + 2;

    static final String WORD_END = "</w>";
    static final String START = "<|startoftext|>";
    static final String END = "<|endoftext|>";

    static final String WHOLE = "tokenizer.json";
    static final String VOCABULARY = "vocab.json";
    static final String MERGES = "merges.txt";

    /** How many merges of OpenAI's file are in use. */
    private static final int OPENAI_MERGES = 49152 - 256 - 2;

    public BpeVocabulary {
        ids = Map.copyOf(ids);
        ranks = Map.copyOf(ranks);
    }

    /**
     * From a transformers folder, {@code tokenizer.json} or else {@code vocab.json} with {@code merges.txt}; or from OpenAI's file
     * {@code bpe_simple_vocab_16e6.txt.gz}.
     *
     * @throws Problem (a failure) naming what was looked for
     */
    public static BpeVocabulary load(Path folderOrFile) {
        try {
            if (Files.isRegularFile(folderOrFile)) {
                return ofMerges(lines(folderOrFile));
            }
            Path whole = folderOrFile.resolve(WHOLE);
            if (Files.exists(whole)) {
                return ofTokenizerJson(whole);
            }
            Path vocabulary = folderOrFile.resolve(VOCABULARY);
            Path merges = folderOrFile.resolve(MERGES);
            if (Files.exists(vocabulary) && Files.exists(merges)) {
                List<String> lines = lines(merges);
                boolean headed = !lines.isEmpty() && lines.get(0).startsWith("#version");
                return of(Json.readObject(vocabulary), headed ? lines.subList(1, lines.size()) : lines, vocabulary);
            }
            throw Problem.failure("there is no vocabulary in " + folderOrFile
                    + ": vocab.json with merges.txt, or tokenizer.json, was expected");
        } catch (IOException e) {
            throw Problem.failure("cannot read " + folderOrFile + ": " + AtomicFile.reason(e), e);
        }
    }

    private static List<String> lines(Path file) throws IOException {
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.isBlank()).toList();
        }
    }

    private static BpeVocabulary ofTokenizerJson(Path file) {
        if (!(Json.readObject(file).get("model") instanceof Map<?, ?> model)
                || !(model.get("vocab") instanceof Map<?, ?> vocabulary)
                || !(model.get("merges") instanceof List<?> merges)) {
            throw Problem.failure(file + " holds no byte pair encoding: model.vocab and model.merges were expected");
        }
        Map<String, @Nullable Object> ids = new LinkedHashMap<>();
        vocabulary.forEach((piece, id) -> ids.put(String.valueOf(piece), id));
        List<String> lines = new ArrayList<>();
        for (Object merge : merges) {
            lines.add(
                    merge instanceof List<?> pair && pair.size() == 2
                            ? pair.get(0) + " " + pair.get(1)
                            : String.valueOf(merge));
        }
        return of(ids, lines, file);
    }

    private static BpeVocabulary of(Map<String, @Nullable Object> json, List<String> merges, Path where) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        json.forEach((piece, id) -> {
            if (!(id instanceof Number number)) {
                throw Problem.failure(where + ": the piece '" + piece + "' has no number");
            }
            ids.put(piece, number.intValue());
        });
        if (!ids.containsKey(START) || !ids.containsKey(END)) {
            throw Problem.failure(where + " is not of CLIP: it knows no " + START + " and " + END);
        }
        return new BpeVocabulary(ids, ranks(merges));
    }

    /**
     * Learns a vocabulary from texts, of the words and letters that CLIP's tokenizer cuts them into; the same texts give the same one.
     *
     * @param size how many pieces it has, at most: there are fewer where each word of the texts has become one piece
     */
    public static BpeVocabulary learn(Iterable<String> texts, int size) {
        Check.inRange(size, SMALLEST, 1 << 24, "a vocabulary's size");
        return ofPairs(new BpeLearner(texts).merges(size - SMALLEST));
    }

    private static BpeVocabulary ofMerges(List<String> lines) {
        return ofPairs(lines.subList(1, Math.min(lines.size(), OPENAI_MERGES + 1)));
    }

    /** OpenAI's order: the bytes, the bytes that end a word, what the merges make, start and end. */
    private static BpeVocabulary ofPairs(List<String> merges) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        List<String> bytes = ByteLetters.inOrder();
        bytes.forEach(letter -> ids.put(letter, ids.size()));
        bytes.forEach(letter -> ids.put(letter + WORD_END, ids.size()));
        merges.forEach(merge -> ids.putIfAbsent(merge.replace(" ", ""), ids.size()));
        ids.put(START, ids.size());
        ids.put(END, ids.size());
        return new BpeVocabulary(ids, ranks(merges));
    }

    private static Map<String, Integer> ranks(List<String> merges) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        merges.forEach(merge -> ranks.putIfAbsent(merge, ranks.size()));
        return ranks;
    }

    /** The pieces in the order of their numbers. */
    List<String> piecesInOrder() {
        return ids.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The pairs, the one that is joined first at the beginning. */
    List<String> mergesInOrder() {
        return ranks.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
    }
}
