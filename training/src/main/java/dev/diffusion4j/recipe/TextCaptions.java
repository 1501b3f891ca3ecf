// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Whether each picture has a caption that a text encoder can read whole. */
final class TextCaptions {
    private static final int NAMED = 3;
    /** As many are looked at, evenly spread where there are more. */
    private static final int MOST = 100_000;

    private TextCaptions() {}

    /**
     * {@link #check(Dataset, Function, String)} of a text encoder's captions.
     *
     * @param conditioner of the network; only one with text encoders is looked at
     */
    static void check(Dataset dataset, @Nullable Conditioner conditioner) {
        if (conditioner instanceof TextConditioner) {
            check(dataset, caption -> conditioner.unread(Subject.ofPrompt(caption)), "shorten them");
        }
    }

    /**
     * Looks at all captions, or at a hundred thousand of them.
     *
     * @param unread what of a caption is not read, as sentences; none where it is read whole
     * @param remedy of captions that are too long
     * @throws Problem (a wrong request) naming pictures without a caption, or one whose caption is too long
     */
    static void check(Dataset dataset, Function<String, List<String>> unread, String remedy) {
        int step = Math.max(1, dataset.size() / MOST);
        int count = (dataset.size() - 1) / step + 1;
        List<Integer> without = new ArrayList<>();
        List<Integer> tooLong = new ArrayList<>();
        String first = "";
        for (int i = 0; i < dataset.size(); i += step) {
            String caption = dataset.caption(i);
            List<String> rest = caption == null ? List.of() : unread.apply(caption);
            if (caption == null) {
                without.add(i);
            } else if (!rest.isEmpty()) {
                first = tooLong.isEmpty() ? rest.get(0) : first;
                tooLong.add(i);
            }
        }
        if (!without.isEmpty()) {
            throw Problem.request(without.size() + " of the " + count + " pictures of " + dataset.description()
                    + " have no caption (" + names(dataset, without)
                    + "), but this network learns from captions: add them, an empty one for a picture of anything, or"
                    + " remove the pictures");
        }
        if (!tooLong.isEmpty()) {
            throw Problem.request(tooLong.size() + " of the " + count + " captions of " + dataset.description()
                    + " are longer than the text encoder reads (" + names(dataset, tooLong) + "): " + first + "; "
                    + remedy);
        }
    }

    private static String names(Dataset dataset, List<Integer> pictures) {
        String first = pictures.stream().limit(NAMED).map(dataset::name).collect(Collectors.joining(", "));
        return pictures.size() > NAMED ? first + ", …" : first;
    }
}
