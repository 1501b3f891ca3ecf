// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Fits learnt words to text encoders, each word to those that it has vectors for.
 *
 * @param encoders of a network
 * @param form in which the network takes their states
 */
record LearntWords(List<TextEncoder> encoders, TextForm form) {

    /**
     * The encoders with the words; each takes the place of the one that it was.
     *
     * @throws Problem (a wrong request) where one does not fit; nothing is changed then
     */
    List<TextEncoder> with(List<TextualInversion> learnt) {
        List<Map<String, Tensor>> rows = new ArrayList<>();
        encoders.forEach(encoder -> rows.add(new LinkedHashMap<>()));
        for (TextualInversion one : learnt) {
            checkTwo(one);
            boolean isTaken = false;
            for (int i = 0; i < encoders.size(); i++) {
                isTaken |= add(one, encoders.get(i), rows.get(i));
            }
            if (!isTaken) {
                throw doesNotFit(one);
            }
        }
        return IntStream.range(0, encoders.size())
                .mapToObj(i -> encoders.get(i).withWords(rows.get(i)))
                .toList();
    }

    private void checkTwo(TextualInversion learnt) {
        if (learnt.isForTwo() && form == TextForm.LAST) {
            throw Problem.request("{embedding} " + learnt.file()
                    + " is for the two text encoders of Stable Diffusion XL, but this network has one");
        }
    }

    private boolean add(TextualInversion learnt, TextEncoder encoder, Map<String, Tensor> into) {
        Tensor rows = learnt.rows(encoder);
        if (rows == null) {
            return false;
        }
        if (rows.size(1) != encoder.config().hiddenSize()) {
            throw doesNotFit(learnt);
        }
        checkNew(learnt, encoder.tokenizer(), into.keySet());
        into.put(learnt.word(), rows);
        return true;
    }

    private static void checkNew(TextualInversion learnt, ClipTokenizer tokenizer, Set<String> others) {
        String word = learnt.word();
        if (others.contains(word) || isKnown(tokenizer, word)) {
            throw Problem.request("{embedding} " + learnt.file() + " is for '" + word
                    + "', which is a token already: another file is for it, or it is a usual word; where the file's name is the word,"
                    + " rename the file");
        }
    }

    /** Whether a word, or the token of its second vector, is there already. */
    static boolean isKnown(ClipTokenizer tokenizer, String word) {
        return tokenizer.knows(word) || tokenizer.knows(ClipTokenizer.successor(word, 1));
    }

    private Problem doesNotFit(TextualInversion learnt) {
        String widths = encoders.stream()
                .map(encoder -> String.valueOf(encoder.config().hiddenSize()))
                .collect(Collectors.joining(" and "));
        return Problem.request("{embedding} " + learnt.file() + " has vectors of " + learnt.widths()
                + " numbers, but the text encoder takes " + widths + ": it was made for another base");
    }
}
