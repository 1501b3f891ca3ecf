// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pictures in a fixed order. Thread-safe: several threads may decode at once. */
public interface Dataset extends AutoCloseable {

    /** What it is, for messages: {@code mnist (train)}. */
    String description();

    /** How many pictures. */
    int size();

    /** 1 where all pictures are grey, otherwise 3. */
    int channels();

    /** The side, in pixels, to bring pictures to where nothing else is asked for. */
    int naturalSize();

    /** The classes' names, label 0 first; empty where there are no classes. */
    List<String> classNames();

    /**
     * Decodes one picture.
     *
     * @param index in {@code [0, size)}
     * @throws BrokenExampleException where the file cannot be read
     */
    Example example(int index);

    /**
     * A picture's class, −1 where it has none. A source that knows without decoding overrides this.
     *
     * @throws BrokenExampleException as {@link #example}
     */
    default int label(int index) {
        return example(index).label();
    }

    /** What a picture is called in messages. */
    default String name(int index) {
        return "picture " + index;
    }

    /** What a picture shows, as text; {@code null} where that is not known. A source that knows without decoding overrides this. */
    default @Nullable String caption(int index) {
        return example(index).caption();
    }

    /** All ways to say what a picture shows, {@link #caption} first; empty where that is not known. */
    default List<String> captions(int index) {
        String only = caption(index);
        return only == null ? List.of() : List.of(only);
    }

    /**
     * A caption of a picture of two things in which these have changed places, and nothing else, so that it is wrong: what a network must
     * know an order for. {@code null} where there is one thing, where both are the same, or where that is not known.
     */
    default @Nullable String exchanged(int index) {
        return null;
    }

    /**
     * Decodes one picture and brings it to the size that {@code transform} requires. A source of large pictures does so in memory that
     * it uses again and again.
     *
     * @throws BrokenExampleException as {@link #example}
     */
    default Example prepared(int index, ImageTransform transform) {
        return example(index).prepared(transform);
    }

    /** Whether a picture costs next to nothing, so that keeping it in memory would gain nothing. */
    default boolean isCheap() {
        return false;
    }

    /** A hash of all that decides its content, for the record of a run. */
    String fingerprint();

    /**
     * What the fingerprint is a hash of, part by part, a few: hashes or short texts by what they are of. A run whose data changed
     * says by these in what.
     */
    default Map<String, String> contents() {
        Map<String, String> contents = new LinkedHashMap<>();
        contents.put("number of pictures", Integer.toString(size()));
        contents.put("number of classes", Integer.toString(classNames().size()));
        contents.put("class names", Hashes.sha256(String.join("\0", classNames())));
        return contents;
    }

    /** Lets go of files. */
    @Override
    default void close() {}
}
