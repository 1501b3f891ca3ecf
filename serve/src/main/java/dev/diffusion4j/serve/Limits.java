// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.model.SampleSize;
import java.awt.image.BufferedImage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one request may ask for, more being refused before anything is computed, and what all may take together.
 *
 * @param pixels of a picture
 * @param steps of denoising
 * @param count pictures
 * @param body bytes of a request
 * @param requests that one caller may have at work: of the same key, or address where there are no keys
 * @param connections that are open; where there are as many, those go that say nothing for a second
 * @param memory bytes that the server takes beside the engine: bodies that come in, answers that are not read yet, and finished pictures that can be
 *     fetched
 */
public record Limits(long pixels, int steps, int count, int body, int requests, int connections, long memory) {
    /** What suits one machine that draws for a few people. */
    public static final Limits DEFAULT = new Limits(2048 * 2048, 150, 10, 32 << 20, 32, 4000, 768L << 20);

    /** A picture that is sent may have so many times the pixels of one that is drawn. */
    private static final int SENT = 4;

    public Limits {
        Check.positive(pixels, "{maxPixels}");
        Check.positive(steps, "{maxSteps}");
        Check.positive(count, "{maxCount}");
        Check.positive(body, "{maxBody}");
        Check.positive(requests, "{maxRequests}");
        Check.positive(connections, "{maxConnections}");
        Check.positive(memory, "{serverMemory}");
    }

    /** Bytes of all bodies that come in, one of which always fits. */
    long bodies() {
        return Math.max(body, memory / 6);
    }

    /** Bytes of all answers that are not read yet. */
    long answers() {
        return memory / 3;
    }

    /** Bytes of finished pictures that can be fetched by an address; as many of those of jobs. */
    long kept() {
        return memory / 4;
    }

    /** With no more than a quarter of what the process may take, where that is limited, and no more than half of the heap. */
    Limits within(long process) {
        long most = Math.min(Runtime.getRuntime().maxMemory() / 2, process > 0 ? process / 4 : Long.MAX_VALUE);
        return memory <= most ? this : with(c -> c.memory = most);
    }

    /** @throws Refusal (422) where there are too many */
    int checkedSteps(int asked) {
        if (asked > steps) {
            throw Refusal.limit("steps", "{steps} must be at most " + steps + " on this server, but was " + asked);
        }
        return asked;
    }

    /** @throws Refusal (422) where there are too many */
    int checkedCount(int asked) {
        if (asked > count) {
            throw Refusal.limit("n", "{count} must be at most " + count + " on this server, but was " + asked);
        }
        return asked;
    }

    /** @throws Refusal (422) where it is too large */
    @Nullable
    SampleSize checkedSize(@Nullable SampleSize asked) {
        if (asked != null && (long) asked.width() * asked.height() > pixels) {
            throw Refusal.limit(
                    "size",
                    "{size} must have at most " + pixels + " pixels on this server, but " + asked.text() + " has "
                            + (long) asked.width() * asked.height());
        }
        return asked;
    }

    /**
     * As {@link #checkedSize(SampleSize)}, where a picture decides the size that is not asked for.
     *
     * @param picture {@code null} where none decides it: beside a mask it does not, unless what is drawn is put back into it
     */
    @Nullable
    SampleSize checkedSize(@Nullable SampleSize asked, @Nullable BufferedImage picture) {
        if (asked == null && picture != null) {
            checkedSize(new SampleSize(picture.getHeight(), picture.getWidth()));
        }
        return checkedSize(asked);
    }

    /**
     * A picture that was sent.
     *
     * @param field that held it
     * @throws Refusal (400) where it is no picture, (422) where it has too many pixels
     */
    BufferedImage picture(byte[] file, String field) {
        try {
            return SentPicture.read(file, '"' + field + '"', SENT * pixels);
        } catch (IllegalArgumentException e) {
            throw Refusal.value(field, Worded.marked(e));
        } catch (Problem e) {
            throw Refusal.limit(field, Worded.marked(e));
        }
    }

    /** {@code Limits.DEFAULT.with(c -> c.steps = 50)}: the result is checked anew. */
    public Limits with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public long pixels;
        public int steps;
        public int count;
        public int body;
        public int requests;
        public int connections;
        public long memory;

        private Draft(Limits from) {
            pixels = from.pixels;
            steps = from.steps;
            count = from.count;
            body = from.body;
            requests = from.requests;
            connections = from.connections;
            memory = from.memory;
        }

        private Limits done() {
            return new Limits(pixels, steps, count, body, requests, connections, memory);
        }
    }
}
