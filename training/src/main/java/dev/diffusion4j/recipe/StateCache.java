// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.KeptStates;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.Shapes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What frozen text encoders make of the data's captions, computed once; captions that are equal are kept once. The numbers are the same bytes as of
 * captions that are encoded each time, whatever others are in the batch, where L × the inner width of the encoder's blocks is a multiple of 32, as in
 * all that are published; else to rounding, since LibTorch rounds the last numbers of a row of odd length differently. What is kept stays
 * the same when a run is resumed, in either case.
 */
final class StateCache implements KeptStates.Rows, AutoCloseable {
    /** Captions that a thread encodes in one pass. */
    private static final int TOGETHER = 32;

    private final Map<String, Integer> places;
    private final SampleSize size;
    private final KeptRows rows;

    private StateCache(Map<String, Integer> places, SampleSize size, KeptRows rows) {
        this.places = places;
        this.size = size;
        this.rows = rows;
    }

    /**
     * Looks whether text states can be kept as the recipe asks for.
     *
     * @param conditioner of the network; borrowed
     * @throws Problem (a wrong request) where they cannot
     */
    static void check(Recipe recipe, TrainingData data, @Nullable Conditioner conditioner) {
        KeepMode mode = recipe.data().textStates();
        if (mode == KeepMode.LIVE) {
            return;
        }
        String asked = "data.text_states is " + mode.key();
        if (!(conditioner instanceof TextConditioner text) || encoders(recipe).isEmpty()) {
            throw Problem.request(
                    asked + ", but the network reads no captions by a text encoder from a folder: omit it");
        }
        if (!text.learners().isEmpty()) {
            throw Problem.request(asked + ", but the states of captions change, because "
                    + String.join(" and ", text.learners().keySet()) + " learns: set data.text_states to live");
        }
        KeptRows.checkSize(
                KeptKind.TEXT_STATES,
                mode,
                data,
                () -> 4
                        * Shapes.count(text.statesShape())
                        * places(data.dataset()).size());
    }

    /** The hashes of the text encoders' weights by their names. */
    private static Map<String, String> encoders(Recipe recipe) {
        Map<String, String> hashes = new LinkedHashMap<>(recipe.model().partsSha256());
        hashes.keySet().removeIf(name -> !name.startsWith("text_encoder"));
        return hashes;
    }

    /** The different captions, each with its row. */
    private static Map<String, Integer> places(Dataset dataset) {
        Map<String, Integer> places = new LinkedHashMap<>();
        for (int i = 0; i < dataset.size(); i++) {
            String caption = dataset.caption(i);
            if (caption != null) {
                places.putIfAbsent(caption, places.size());
            }
        }
        return places;
    }

    /**
     * Computes them, or opens the file that a run computed before.
     *
     * @param data borrowed
     * @param text with its networks where they compute; borrowed
     * @param threads 1 where that is a card
     * @throws RowMaker.Stopped where {@code stop} asked for it
     * @throws Problem (a failure) where the run's folder has a file of other captions or of another text encoder
     */
    static StateCache open(
            Recipe recipe,
            RunFolder folder,
            TrainingData data,
            TextConditioner text,
            int threads,
            RunListener listener,
            BooleanSupplier stop) {
        Map<String, Integer> places = places(data.dataset());
        List<String> captions = List.copyOf(places.keySet());
        TextConditioner encoding = text.keepingNone();
        SampleSize size = ModelFactory.pictureSize(data);
        KeptRows.About about = new KeptRows.About(
                KeptKind.TEXT_STATES, marks(recipe, captions, text, size), captions.size(), 1, new long[] {
                    KeptStates.of(encoding, size, List.of("")).get(0).length
                });
        RowMaker maker = new RowMaker(
                "captions",
                captions.size(),
                TOGETHER,
                threads,
                (from, to) -> KeptStates.of(encoding, size, captions.subList(from, to))
                        .toArray(float[][]::new),
                listener::onTextStates,
                stop);
        return new StateCache(places, size, KeptRows.open(recipe.data().textStates(), about, folder.path(), maker));
    }

    private static Map<String, String> marks(
            Recipe recipe, List<String> captions, TextConditioner text, SampleSize size) {
        MessageDigest digest = Hashes.digest("SHA-256");
        for (String caption : captions) {
            for (List<Integer> tokens : text.tokens(caption)) {
                ByteBuffer bytes = ByteBuffer.allocate(4 * tokens.size());
                tokens.forEach(bytes::putInt);
                digest.update(bytes.array());
            }
        }
        Map<String, String> marks = new LinkedHashMap<>();
        marks.put("text_encoder", String.join(" ", encoders(recipe).values()));
        marks.put("stored", recipe.training().frozenDtype().key());
        marks.put("captions", Hashes.hex(digest.digest()));
        if (text.givesPooledText()) {
            marks.put("size", size.text()); // which XL is given beside the text
        }
        return marks;
    }

    /** Of the pictures that the captions were encoded for. */
    SampleSize size() {
        return size;
    }

    @Override
    public boolean read(String caption, float[] into, int offset) {
        Integer place = places.get(caption);
        if (place != null) {
            rows.read(place, 0, into, offset);
        }
        return place != null;
    }

    @Override
    public void close() {
        rows.close();
    }
}
