// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.text.ClipTokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Fills chunks with tokens, one after the other. */
final class ChunkBuilder {
    private final ClipTokenizer tokenizer;
    private final int room;
    private final List<TextChunk> chunks = new ArrayList<>();
    private List<Integer> ids = new ArrayList<>();
    private List<Double> weights = new ArrayList<>();

    /** @param length places of a chunk, with start and end */
    ChunkBuilder(ClipTokenizer tokenizer, int length) {
        this.tokenizer = tokenizer;
        room = length - 2;
    }

    /** Tokens in the chunk that is being filled. */
    int size() {
        return ids.size();
    }

    /** How many more it takes. */
    int free() {
        return room - ids.size();
    }

    void add(List<Integer> tokens, double weight) {
        ids.addAll(tokens);
        weights.addAll(Collections.nCopies(tokens.size(), weight));
    }

    /** Ends the chunk, whether there is anything in it or not. */
    void end() {
        endAfter(ids.size());
    }

    /** Ends the chunk after its first tokens; the others begin the next one. */
    void endAfter(int count) {
        int[] places = tokenizer.tokens(ids.subList(0, count), room + 2).ids();
        List<Integer> all = new ArrayList<>();
        List<Double> counted = new ArrayList<>();
        for (int i = 0; i < places.length; i++) {
            all.add(places[i]);
            counted.add(i > 0 && i <= count ? weights.get(i - 1) : 1.0);
        }
        chunks.add(new TextChunk(all, counted));
        ids = new ArrayList<>(ids.subList(count, ids.size()));
        weights = new ArrayList<>(weights.subList(count, weights.size()));
    }

    /** All chunks, at least one; the last one is ended. */
    List<TextChunk> chunks() {
        if (!ids.isEmpty() || chunks.isEmpty()) {
            end();
        }
        return List.copyOf(chunks);
    }
}
