// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.text.ParsedPrompt;
import dev.diffusion4j.text.WeightedText;
import java.util.List;

/** How the tools with weights fill chunks. */
final class PromptChunks {
    /** A1111's "prompt word wrap length limit", as it is set by default. */
    private static final int COMMA_REACH = 20;

    /** From which number of tokens on ComfyUI cuts a word in two. */
    private static final int LONG_WORD = 8;

    private PromptChunks() {}

    /** A full chunk ends behind a comma among its last 20 tokens; learnt words stay whole. */
    static List<TextChunk> a1111(ParsedPrompt prompt, TextEncoder encoder) {
        ChunkBuilder chunks = encoder.newChunks();
        int comma = encoder.commaId();
        int behindComma = 0;
        for (WeightedText text : prompt.texts()) {
            if (text.isBreak()) {
                chunks.end();
                behindComma = 0;
                continue;
            }
            for (List<Integer> word : encoder.tokens(text.text())) {
                boolean isComma = word.get(0) == comma;
                boolean isFull = chunks.free() == 0;
                if (isFull && !isComma && behindComma > 0 && chunks.size() - behindComma < COMMA_REACH) {
                    chunks.endAfter(behindComma);
                    behindComma = 0;
                }
                if (word.size() > chunks.free()) {
                    chunks.end();
                    behindComma = 0;
                }
                chunks.add(word, text.weight());
                if (isComma && !isFull) {
                    behindComma = chunks.size();
                }
            }
        }
        return chunks.chunks();
    }

    /** A word that does not fit begins the next chunk, unless it is long. */
    static List<TextChunk> comfy(ParsedPrompt prompt, TextEncoder encoder) {
        ChunkBuilder chunks = encoder.newChunks();
        for (WeightedText text : prompt.texts()) {
            if (text.isBreak()) {
                chunks.end();
                continue;
            }
            for (String word : text.text().replace('\n', ' ').split(" ")) {
                List<Integer> tokens = encoder.word(word);
                boolean isLong = tokens.size() >= LONG_WORD;
                while (tokens.size() > chunks.free()) {
                    int begun = isLong ? chunks.free() : 0;
                    chunks.add(tokens.subList(0, begun), text.weight());
                    tokens = tokens.subList(begun, tokens.size());
                    chunks.end();
                }
                chunks.add(tokens, text.weight());
            }
        }
        return chunks.chunks();
    }
}
